package io.diptych.engine.csd;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.diptych.engine.program.Program;
import java.util.List;
import java.util.Map;

/** Typed calls of {@code csd.py}: losses, gradients, optimiser, rectification. Thread-safe. */
public final class CsdProgram implements AutoCloseable {

  private final Program program;

  /**
   * Compiles the program.
   *
   * @param sides of the scales, coarse to fine
   * @param manager owns it
   */
  public CsdProgram(List<Integer> sides, NDManager manager) {
    this.program = Program.load("csd", Map.of("sides", sides), manager);
  }

  /**
   * A scored step.
   *
   * @param loss weighted sum over tokens, mean over the batch; a scalar with its graph
   * @param scaleLosses mean cross-entropy of each computed scale
   */
  public record Loss(NDArray loss, NDArray scaleLosses) {}

  /**
   * Equations 7 to 9.
   *
   * @param logits (B, n, V) of consecutive scales
   * @param tokens (B, n)
   * @param weights (n,) of every token
   * @param firstScale the first of those scales
   */
  public Loss loss(
      NDManager scope, NDArray logits, NDArray tokens, NDArray weights, int firstScale) {
    NDList result =
        program
            .call("loss", scope)
            .with(logits)
            .with(tokens)
            .with(weights)
            .with(firstScale)
            .runDifferentiably();
    return new Loss(result.get(0), result.get(1));
  }

  /**
   * How badly several texts explain one picture.
   *
   * @param logits (B, L, V), one row per text
   * @param tokens of the picture (1, L)
   * @return (B,) cross-entropy in nats, summed over the tokens
   */
  NDArray surprise(NDManager scope, NDArray logits, NDArray tokens) {
    return program.call("surprise", scope).with(logits).with(tokens).run().singletonOrThrow();
  }

  /** Tensors one after another along a dimension, differentiably. */
  public NDArray join(NDManager scope, List<NDArray> parts, int dimension) {
    return program
        .call("join", scope)
        .with(parts)
        .with(dimension)
        .runDifferentiably()
        .singletonOrThrow();
  }

  /** Memories of several groups, each (pairs, C), as one batch row (1, all pairs, C). */
  NDArray memory(NDManager scope, List<NDArray> groups) {
    return program.call("memory", scope).with(groups).runDifferentiably().singletonOrThrow();
  }

  /** The sum of scalar losses. */
  NDArray total(NDManager scope, List<NDArray> losses) {
    return program.call("total", scope).with(losses).runDifferentiably().singletonOrThrow();
  }

  /** Gradients of a loss, one per parameter; zeros where it does not reach. */
  public NDList gradients(NDManager scope, NDArray loss, List<NDArray> parameters) {
    return program.call("derivatives", scope).with(loss).with(parameters).runDifferentiably();
  }

  /**
   * One AdamW step, in place.
   *
   * @param gradients of the parameters, then any others that count for clipping
   * @return the global norm before clipping
   */
  public float adamw(
      NDManager scope,
      List<NDArray> gradients,
      List<NDArray> parameters,
      List<NDArray> firstMoments,
      List<NDArray> secondMoments,
      AdamW schedule) {
    return program
        .call("adamw", scope)
        .with(gradients)
        .with(parameters)
        .with(firstMoments)
        .with(secondMoments)
        .with(scope.create(schedule.values()))
        .run()
        .singletonOrThrow()
        .getFloat();
  }

  /**
   * Settings of one AdamW step.
   *
   * @param learningRate of this step
   * @param weightDecay decoupled
   * @param clipNorm bound of the global gradient norm
   * @param step count of this parameter group's steps, from 1
   */
  public record AdamW(double learningRate, double weightDecay, double clipNorm, int step) {

    private static final double BETA_1 = 0.9;
    private static final double BETA_2 = 0.95;
    private static final double EPSILON = 1e-8;

    double[] values() {
      return new double[] {learningRate, BETA_1, BETA_2, EPSILON, weightDecay, clipNorm, step};
    }
  }

  /**
   * Equation 10: sub-concept embeddings (n, d) to the projector (d, d) on r directions, or on all
   * that they span if those are fewer.
   */
  public NDArray projector(NDManager scope, NDArray embeddings, int rank) {
    return program.call("projector", scope).with(embeddings).with(rank).run().singletonOrThrow();
  }

  /** Equation 11 on the rows at {@code positions} of hidden states (B, T, d). */
  public NDArray rectify(
      NDManager scope,
      NDArray hidden,
      NDArray positions,
      NDArray projector,
      boolean differentiable) {
    Program.Call call = program.call("rectify", scope).with(hidden).with(positions).with(projector);
    return (differentiable ? call.runDifferentiably() : call.run()).singletonOrThrow();
  }

  @Override
  public void close() {
    program.close();
  }
}
