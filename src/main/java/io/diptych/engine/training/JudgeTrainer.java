package io.diptych.engine.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.judge.JudgeArchitecture;
import io.diptych.engine.program.Program;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** A judge in training. For one thread at a time. */
public final class JudgeTrainer implements AutoCloseable {

  private final JudgeArchitecture architecture;
  private final TrainingState state;
  private final Program program;

  private JudgeTrainer(JudgeArchitecture architecture, TrainingState state, boolean halfPrecision) {
    this.architecture = architecture;
    this.state = state;
    this.program = architecture.program(halfPrecision, state.manager());
  }

  /**
   * Starts from initial weights.
   *
   * @param halfPrecision whether the network runs in bfloat16
   */
  public static JudgeTrainer start(
      JudgeArchitecture architecture, long seed, String device, boolean halfPrecision) {
    return new JudgeTrainer(
        architecture,
        TrainingState.initial(architecture.tensors(), seed, Map.of(), device),
        halfPrecision);
  }

  /** Goes on from a checkpoint, made here or by {@code tools/pretrain.py}. */
  public static JudgeTrainer resume(
      JudgeArchitecture architecture, Path checkpoint, String device, boolean halfPrecision) {
    return new JudgeTrainer(
        architecture,
        TrainingState.load(architecture.tensors(), Map.of(), checkpoint, device),
        halfPrecision);
  }

  /**
   * One optimisation step.
   *
   * @param planes (B, 3, side, side) in [-1, 1]
   * @param classes (B,) right answers
   * @param smoothing share of probability that is spread over all classes
   * @return gradient norm, cross-entropy, share of pictures named rightly
   */
  public float[] step(
      float[] planes, int side, long[] classes, Schedule schedule, double smoothing) {
    try (NDManager scope = state.manager().newSubManager()) {
      return program
          .call("train_step", scope)
          .with(state.weights())
          .with(state.state())
          .with(scope.create(planes, new Shape(classes.length, 3, side, side)))
          .with(scope.create(classes))
          .with(scope.create(schedule.values(smoothing)))
          .runDifferentiably()
          .singletonOrThrow()
          .toFloatArray();
    }
  }

  /** The likeliest classes of each picture by the averaged weights, best first, at most all. */
  public long[][] best(float[] planes, int side, int count) {
    int best = Math.min(count, architecture.classes());
    try (NDManager scope = state.manager().newSubManager()) {
      Shape shape = new Shape(planes.length / (3L * side * side), 3, side, side);
      NDArray logits =
          program
              .call("judge", scope)
              .with(state.averages())
              .with(scope.create(planes, shape))
              .run()
              .singletonOrThrow();
      long[] flat = logits.topK(best, 1).get(1).toLongArray();
      long[][] rows = new long[flat.length / best][best];
      for (int i = 0; i < rows.length; i++) {
        System.arraycopy(flat, i * best, rows[i], 0, best);
      }
      return rows;
    }
  }

  /** Writes a checkpoint; it appears complete or not at all. */
  public void save(Path checkpoint, Map<String, String> metadata) throws IOException {
    state.save(checkpoint, metadata);
  }

  @Override
  public void close() {
    program.close();
    state.close();
  }
}
