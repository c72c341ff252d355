package io.diptych.engine.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.util.cuda.CudaUtils;
import org.junit.jupiter.api.Test;

class DeviceMemoryTest {

  @Test
  void aGpuTellsWhatIsTakenAndWhatThereIs() {
    assumeTrue(CudaUtils.hasCuda(), "needs a GPU");

    DeviceMemory memory = DeviceMemory.of("gpu0");

    System.out.println("Memory of gpu0: " + memory);
    assertThat(memory.usedBytes()).isPositive().isLessThan(memory.totalBytes());
  }

  @Test
  void whereThereIsNoGpuNoneIsMadeUp() {
    assumeFalse(CudaUtils.hasCuda(), "needs a machine without a GPU");

    assertThatThrownBy(() -> DeviceMemory.of("gpu0")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void theProcessorHasNoMemoryOfItsOwn() {
    assertThatThrownBy(() -> DeviceMemory.of("cpu")).isInstanceOf(IllegalArgumentException.class);
  }
}
