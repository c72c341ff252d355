package io.diptych.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerSettingsTest {

  @Test
  void theProcessorAndEveryGpuHaveOneName() {
    assertThat(on("cpu", "gpu0", "gpu12").devices()).containsExactly("cpu", "gpu0", "gpu12");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cuda:0", "gpu", "gpu01", "GPU0", "cpu0", ""})
  void anotherNameOfADeviceIsRefusedWithTheRightOnes(String device) {
    assertThatThrownBy(() -> on(device))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("diptych.worker.devices")
        .hasMessageContaining("'" + device + "'")
        .hasMessageContaining("gpu0, gpu1");
  }

  @Test
  void aDeviceThatIsNamedTwiceIsRefused() {
    assertThatThrownBy(() -> on("gpu0", "gpu0")).hasMessageContaining("names a device twice");
  }

  private static WorkerSettings on(String... devices) {
    return WorkerFixture.settings(
        "test", List.of(devices), Duration.ofSeconds(30), Duration.ofSeconds(1));
  }
}
