package io.diptych.engine.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.program.Program;
import io.diptych.engine.vqvae.Vqvae;
import io.diptych.engine.vqvae.VqvaeArchitecture;
import io.diptych.engine.weights.TensorSchema;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A VQ-VAE in training. Pictures are planes (B, 3, S, S) in [-1, 1]. For one thread at a time. */
public final class VqvaeTrainer implements AutoCloseable {

  private final TrainingState state;
  private final Program program;
  private final Vqvae average;

  private VqvaeTrainer(VqvaeArchitecture architecture, TrainingState state, boolean halfPrecision) {
    this.state = state;
    this.program = architecture.program(halfPrecision, state.manager());
    this.average = new Vqvae(architecture, state.averages(), state.manager());
  }

  /** What a step trains. */
  public enum Part {
    /** Encoder and decoder without the codebook: plain auto-encoding, which comes first. */
    AUTO_ENCODER,
    /** Everything. */
    WHOLE,
    /** The decoder alone: tokens stay as they are, for the transformer that learned them. */
    DECODER
  }

  /**
   * What a discriminator does in a step.
   *
   * @param strength how many times as long its gradient of each picture is as that of the picture's
   *     error; 0 for none
   * @param pace how many times the learning rate its own is
   */
  public record Discriminator(double strength, double pace) {

    /** There is none. */
    public static final Discriminator NONE = new Discriminator(0, 1);
  }

  /**
   * Starts from initial weights.
   *
   * @param other a checkpoint whose averaged weights take their place; null for none
   * @param discriminator whether a discriminator is trained beside the decoder
   * @param halfPrecision whether encoder and decoder run in bfloat16
   */
  public static VqvaeTrainer start(
      VqvaeArchitecture architecture,
      long seed,
      @Nullable Path other,
      boolean discriminator,
      String device,
      boolean halfPrecision) {
    TrainingState state =
        TrainingState.initial(
            tensors(architecture, discriminator), seed, counters(architecture), device);
    if (other != null) {
      state.adoptAverages(architecture.tensors(), other);
    }
    return new VqvaeTrainer(architecture, state, halfPrecision);
  }

  /** Goes on from a checkpoint, made here or by {@code tools/pretrain.py}. */
  public static VqvaeTrainer resume(
      VqvaeArchitecture architecture,
      Path checkpoint,
      boolean discriminator,
      String device,
      boolean halfPrecision) {
    return new VqvaeTrainer(
        architecture,
        TrainingState.load(
            tensors(architecture, discriminator), counters(architecture), checkpoint, device),
        halfPrecision);
  }

  private static TensorSchema tensors(VqvaeArchitecture architecture, boolean discriminator) {
    return discriminator ? architecture.tensorsWithDiscriminator() : architecture.tensors();
  }

  private static Map<String, Shape> counters(VqvaeArchitecture architecture) {
    return Map.of("hits", new Shape(architecture.codes()));
  }

  /**
   * One optimisation step.
   *
   * @param discriminator the part of the discriminator
   * @return mean squared error, mean absolute error, codebook loss, the discriminator's hinge loss
   *     and the distance of its features, gradient norm
   */
  public float[] step(float[] pictures, Schedule schedule, Part part, Discriminator discriminator) {
    try (NDManager scope = state.manager().newSubManager()) {
      return program
          .call("train_step", scope)
          .with(state.weights())
          .with(state.state())
          .with(planes(scope, pictures))
          .with(
              scope.create(
                  schedule.values(part.ordinal(), discriminator.strength(), discriminator.pace())))
          .runDifferentiably()
          .singletonOrThrow()
          .toFloatArray();
    }
  }

  /**
   * Gives codes that were not chosen since the last call a new place among the residuals of some
   * pictures.
   *
   * @param order a permutation of all residual vectors: pictures times tokens
   * @return how many codes were moved
   */
  public long reseed(float[] pictures, long[] order) {
    try (NDManager scope = state.manager().newSubManager()) {
      return program
          .call("reseed", scope)
          .with(state.weights())
          .with(state.state())
          .with(planes(scope, pictures))
          .with(scope.create(order))
          .run()
          .singletonOrThrow()
          .getLong();
    }
  }

  /** Forgets which codes were chosen: the next {@link #reseed} moves all of them. */
  public void forgetHits() {
    state.state().get("hits").muli(0);
  }

  /** Latent maps (B, d, P, P) by the averaged weights. */
  public float[] encode(float[] pictures) {
    try (NDManager scope = state.manager().newSubManager()) {
      return average.encode(scope, planes(scope, pictures)).toFloatArray();
    }
  }

  /** Encodes, quantises and decodes by the averaged weights. */
  public Reconstruction reconstruct(float[] pictures) {
    try (NDManager scope = state.manager().newSubManager()) {
      return Measurements.reconstruct(scope, average, planes(scope, pictures));
    }
  }

  /** Writes a checkpoint; it appears complete or not at all. */
  public void save(Path checkpoint, Map<String, String> metadata) throws IOException {
    state.save(checkpoint, metadata);
  }

  private NDArray planes(NDManager scope, float[] pictures) {
    return Measurements.planes(scope, average, pictures);
  }

  @Override
  public void close() {
    average.close();
    program.close();
    state.close();
  }
}
