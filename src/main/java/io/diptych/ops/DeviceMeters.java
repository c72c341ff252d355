package io.diptych.ops;

import io.diptych.engine.program.DeviceMemory;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Collection;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Memory of the GPUs that this process has lanes on, under the names that OpenTelemetry gives them.
 * None for the CPU: what a process takes there, its own meters say.
 */
final class DeviceMeters implements MeterBinder {

  private final Supplier<Collection<String>> devices;
  private final Function<String, DeviceMemory> memory;

  /**
   * @param devices names, asked once; lanes exist only after the meters do
   * @param memory of a GPU, asked with every scrape; what it throws makes the value unknown
   */
  DeviceMeters(Supplier<Collection<String>> devices, Function<String, DeviceMemory> memory) {
    this.devices = devices;
    this.memory = memory;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    devices.get().stream()
        .filter(device -> device.startsWith("gpu"))
        .distinct()
        .forEach(
            gpu -> {
              gauge(registry, gpu, "usage", "Memory that is taken", DeviceMemory::usedBytes);
              gauge(registry, gpu, "limit", "Memory that there is", DeviceMemory::totalBytes);
            });
  }

  private void gauge(
      MeterRegistry registry,
      String gpu,
      String what,
      String description,
      ToDoubleFunction<DeviceMemory> part) {
    Gauge.builder("hw.gpu.memory." + what, gpu, name -> part.applyAsDouble(memory.apply(name)))
        .description(description)
        .baseUnit("bytes")
        .tag("hw.id", gpu)
        .strongReference(true)
        .register(registry);
  }
}
