package io.diptych.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.engine.program.DeviceMemory;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceMetersTest {

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @Test
  void everyGpuHasItsOwnTwoGauges() {
    meters("gpu0", "gpu0", "gpu1");

    assertThat(value("usage", "gpu0")).isEqualTo(10);
    assertThat(value("limit", "gpu0")).isEqualTo(100);
    assertThat(value("usage", "gpu1")).isEqualTo(11);
    assertThat(registry.getMeters()).hasSize(4);
  }

  @Test
  void theProcessorHasNone() {
    meters("cpu");

    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void aGpuThatDoesNotAnswerIsUnknownAndBreaksNoScrape() {
    new DeviceMeters(
            () -> List.of("gpu0"),
            gpu -> {
              throw new IllegalStateException("gone");
            })
        .bindTo(registry);

    assertThat(value("usage", "gpu0")).isNaN();
  }

  private void meters(String... devices) {
    new DeviceMeters(
            () -> List.of(devices),
            gpu -> new DeviceMemory(10 + gpu.charAt(gpu.length() - 1) - '0', 100))
        .bindTo(registry);
  }

  private double value(String what, String gpu) {
    return registry.get("hw.gpu.memory." + what).tag("hw.id", gpu).gauge().value();
  }
}
