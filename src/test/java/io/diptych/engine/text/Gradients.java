package io.diptych.engine.text;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;

/** Backward passes for tests. */
final class Gradients {

  private Gradients() {}

  /** Lets the gradients of a loss flow to the arrays that require them. */
  static void backward(NDArray loss) {
    try (NDArray one = loss.onesLike()) {
      JniUtils.backward((PtNDArray) loss, (PtNDArray) one, false, false);
    }
  }
}
