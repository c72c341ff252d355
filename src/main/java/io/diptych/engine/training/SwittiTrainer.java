package io.diptych.engine.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.Sampling;
import io.diptych.engine.program.Program;
import io.diptych.engine.program.Weights;
import io.diptych.engine.sample.Sampler;
import io.diptych.engine.switti.Crop;
import io.diptych.engine.switti.Switti;
import io.diptych.engine.switti.SwittiArchitecture;
import io.diptych.engine.vqvae.Vqvae;
import io.diptych.engine.vqvae.VqvaeArchitecture;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A Switti transformer in training on the tokens of a finished VQ-VAE. For one thread at a time.
 */
public final class SwittiTrainer implements AutoCloseable {

  private final SwittiArchitecture architecture;
  private final TrainingState state;
  private final Program program;
  private final Program tokenizer;
  private final Vqvae vqvae;
  private final Weights vqvaeWeights;
  private final Switti average;
  private final Sampler sampler;

  private SwittiTrainer(
      SwittiArchitecture architecture,
      TrainingState state,
      VqvaeArchitecture vqvaeArchitecture,
      Path vqvaeCheckpoint,
      boolean halfPrecision) {
    this.architecture = architecture;
    this.state = state;
    NDManager manager = state.manager();
    this.program = architecture.program(halfPrecision, manager);
    this.tokenizer = vqvaeArchitecture.program(false, manager);
    this.vqvaeWeights =
        Weights.of(
            TrainingState.loadAverages(vqvaeArchitecture.tensors(), vqvaeCheckpoint, manager));
    this.vqvae = new Vqvae(vqvaeArchitecture, vqvaeWeights, manager);
    this.average = new Switti(architecture, state.averages(), manager);
    this.sampler = new Sampler(average, vqvae, manager);
  }

  /**
   * Starts from initial weights.
   *
   * @param other a checkpoint whose averaged weights take their place; null for none
   */
  public static SwittiTrainer start(
      SwittiArchitecture architecture,
      VqvaeArchitecture vqvae,
      Path vqvaeCheckpoint,
      long seed,
      @Nullable Path other,
      String device,
      boolean halfPrecision) {
    TrainingState state = TrainingState.initial(architecture.tensors(), seed, Map.of(), device);
    if (other != null) {
      state.adoptAverages(architecture.tensors(), other, UnaryOperator.identity());
    }
    return new SwittiTrainer(architecture, state, vqvae, vqvaeCheckpoint, halfPrecision);
  }

  /** Goes on from a checkpoint, made here or by {@code tools/pretrain.py}. */
  public static SwittiTrainer resume(
      SwittiArchitecture architecture,
      VqvaeArchitecture vqvae,
      Path vqvaeCheckpoint,
      Path checkpoint,
      String device,
      boolean halfPrecision) {
    return new SwittiTrainer(
        architecture,
        TrainingState.load(architecture.tensors(), Map.of(), checkpoint, device),
        vqvae,
        vqvaeCheckpoint,
        halfPrecision);
  }

  /**
   * Random code flips on the teacher-forcing input: later scales learn to repair earlier errors.
   *
   * @param share of the codes of a scale that flip at most
   * @param noise (B, L) in [0, 1), larger than one where nothing may flip
   * @param codes (B, L) that take the place of flipped ones
   */
  public record Flips(double share, float[] noise, long[] codes) {}

  /**
   * One optimisation step.
   *
   * @param latents (B, d, P, P)
   * @return gradient norm, then the mean cross-entropy of every scale
   */
  public float[] step(float[] latents, Flips flips, TextBatch text, Schedule schedule) {
    int batch = text.size();
    long tokens = architecture.tokensUpTo(architecture.sides().size() - 1);
    float[] tokenWeights = new float[(int) tokens];
    Arrays.fill(tokenWeights, 1f / tokens);
    float[] shares = new float[architecture.sides().size()];
    Arrays.fill(shares, (float) flips.share());
    try (NDManager scope = state.manager().newSubManager()) {
      NDList coded =
          tokenizer
              .call("quantize_noisily", scope)
              .with(vqvaeWeights)
              .with(latents(scope, latents, batch))
              .with(scope.create(shares))
              .with(scope.create(flips.noise(), new Shape(batch, tokens)))
              .with(scope.create(flips.codes(), new Shape(batch, tokens)))
              .runDifferentiably(); // what inference mode makes cannot take part in a gradient
      return program
          .call("train_step", scope)
          .with(state.weights())
          .with(state.state())
          .with(scope.create(text.context(), new Shape(batch, text.tokens(), text.width())))
          .with(scope.create(text.bias(), new Shape(batch, text.tokens())))
          .with(text.pooled(scope))
          .with(Crop.none(scope, batch))
          .with(coded.get(1))
          .with(coded.get(0))
          .with(scope.create(tokenWeights))
          .with(scope.create(schedule.values()))
          .runDifferentiably()
          .singletonOrThrow()
          .toFloatArray();
    }
  }

  /** Latent maps (B, d, P, P) of pictures (B, 3, S, S) by the VQ-VAE. */
  public float[] encode(float[] pictures) {
    try (NDManager scope = state.manager().newSubManager()) {
      return vqvae.encode(scope, Measurements.planes(scope, vqvae, pictures)).toFloatArray();
    }
  }

  /**
   * Mean cross-entropy of every scale without flips, by the averaged weights.
   *
   * @param latents (B, d, P, P)
   */
  public float[] crossEntropy(float[] latents, TextBatch text) {
    try (NDManager scope = state.manager().newSubManager()) {
      return Measurements.crossEntropy(
          scope, vqvae, average, latents(scope, latents, text.size()), text);
    }
  }

  /** One picture a caption by the averaged weights, for sample sheets. */
  public List<BufferedImage> generate(
      TextBatch text, TextBatch empty, Sampling sampling, long seed) {
    try (NDManager scope = state.manager().newSubManager()) {
      List<Sampler.Row> rows = new ArrayList<>();
      for (int i = 0; i < text.size(); i++) {
        rows.add(new Sampler.Row(text.condition(scope, i), seed, i, sampling));
      }
      return vqvae.pictures(
          scope, sampler.sample(scope, rows, empty.condition(scope, 0), null).image());
    }
  }

  private NDArray latents(NDManager scope, float[] latents, int batch) {
    int side = architecture.sides().get(architecture.sides().size() - 1);
    return scope.create(latents, new Shape(batch, architecture.latentChannels(), side, side));
  }

  /** Writes a checkpoint; it appears complete or not at all. */
  public void save(Path checkpoint, Map<String, String> metadata) throws IOException {
    state.save(checkpoint, metadata);
  }

  @Override
  public void close() {
    sampler.close();
    average.close();
    vqvae.close();
    tokenizer.close();
    program.close();
    state.close();
  }
}
