package io.diptych.engine.judge;

import ai.djl.ndarray.NDManager;
import io.diptych.engine.program.Program;
import io.diptych.engine.weights.TensorSchema;
import java.util.List;
import java.util.Map;

/**
 * Sizes of a judge.
 *
 * @param widths channels of each stage; each stage halves the side
 * @param classes answers it can give
 */
public record JudgeArchitecture(List<Integer> widths, int classes) {

  public JudgeArchitecture {
    widths = List.copyOf(widths);
    if (widths.isEmpty() || widths.stream().anyMatch(width -> width % 8 != 0)) {
      throw new IllegalArgumentException(
          "The widths " + widths + " of a judge must be multiples of 8.");
    }
  }

  /** Every weight's name and shape. */
  public TensorSchema tensors() {
    TensorSchema all = new TensorSchema("a judge");
    int width = 3;
    for (int stage = 0; stage < widths.size(); stage++) {
      String p = "stages." + stage;
      all.withBias(p + ".down", widths.get(stage), width, 3, 3);
      width = widths.get(stage);
      for (int i = 1; i <= 2; i++) {
        all.withBias(p + ".norm" + i, width).withBias(p + ".conv" + i, width, width, 3, 3);
      }
    }
    return all.withBias("norm", width).withBias("head", classes, width);
  }

  /**
   * Compiles the program for these sizes.
   *
   * @param halfPrecision whether training steps compute in bfloat16
   * @param manager owns it
   */
  public Program program(boolean halfPrecision, NDManager manager) {
    return Program.load("judge", Map.of("half_precision", halfPrecision), manager);
  }
}
