package io.diptych.engine.judge;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.program.Program;
import io.diptych.engine.program.Weights;
import io.diptych.engine.weights.Safetensors;

/** A judge with its weights on one device. Thread-safe. */
public final class JudgeNetwork implements AutoCloseable {

  private final NDManager manager;
  private final Program program;
  private final Weights weights;
  private final int classes;

  private JudgeNetwork(NDManager manager, Program program, Weights weights, int classes) {
    this.manager = manager;
    this.program = program;
    this.weights = weights;
    this.classes = classes;
  }

  /**
   * Loads a judge.
   *
   * @throws io.diptych.engine.EngineException of kind {@code MODEL_UNAVAILABLE} when the file does
   *     not hold such weights
   */
  public static JudgeNetwork load(JudgeArchitecture architecture, Safetensors file, String device) {
    NDManager manager = NDManager.newBaseManager(Device.fromName(device));
    try {
      Weights weights = architecture.tensors().load(file, manager, DataType.FLOAT32);
      Program program = architecture.program(false, manager);
      return new JudgeNetwork(manager, program, weights, architecture.classes());
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /**
   * Judges pictures.
   *
   * @param planes (B, 3, side, side) in [-1, 1]
   * @return (B, classes) logits
   */
  public float[][] judge(float[] planes, int side) {
    try (NDManager scope = manager.newSubManager()) {
      Shape shape = new Shape(planes.length / (3L * side * side), 3, side, side);
      NDArray logits =
          program
              .call("judge", scope)
              .with(weights)
              .with(scope.create(planes, shape))
              .run()
              .singletonOrThrow();
      float[] flat = logits.toFloatArray();
      float[][] rows = new float[flat.length / classes][classes];
      for (int i = 0; i < rows.length; i++) {
        System.arraycopy(flat, i * classes, rows[i], 0, classes);
      }
      return rows;
    }
  }

  @Override
  public void close() {
    program.close();
    manager.close();
  }
}
