package io.diptych.engine.program;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import java.lang.management.MemoryUsage;

/**
 * Memory of a GPU as its driver counts it: all that is taken there, by whichever process.
 *
 * <p>The tensor library keeps what it once took for later tensors, so what it takes never falls
 * while the process lives. How much of that holds tensors at the moment, DJL does not tell.
 *
 * @param usedBytes taken
 * @param totalBytes there are
 */
public record DeviceMemory(long usedBytes, long totalBytes) {

  /**
   * Asks the driver.
   *
   * @param device {@code gpu0}, {@code gpu1}, ...
   * @throws IllegalArgumentException for a device that is no GPU
   * @throws IllegalStateException when CUDA finds no GPU
   */
  public static DeviceMemory of(String device) {
    MemoryUsage usage = CudaUtils.getGpuMemory(Device.fromName(device));
    return new DeviceMemory(usage.getUsed(), usage.getMax());
  }
}
