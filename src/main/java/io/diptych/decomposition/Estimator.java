package io.diptych.decomposition;

import io.diptych.engine.csd.WordChoice;
import io.diptych.engine.switti.SwittiArchitecture;
import io.diptych.engine.vqvae.VqvaeArchitecture;
import io.diptych.engine.weights.ModelManifest;
import java.time.Duration;
import java.util.Optional;

/** Estimates from the sizes in a manifest, and from what earlier runs took. */
final class Estimator {

  private static final int FLOAT_BYTES = 4;

  /** Arrays of the model's width that a block keeps per token for the backward pass. */
  private static final int KEPT_PER_BLOCK = 34;

  /** Logits, their softmax, and the gradient of both. */
  private static final int KEPT_PER_LOGIT = 3;

  /** Full-resolution maps of the VQ-VAE that are alive at once. */
  private static final int PICTURE_MAPS = 6;

  /** Comparing a caption has neither a backward pass nor three texts to encode. */
  private static final double STEPS_PER_CAPTION = 1 / 3.0;

  private final DecompositionRows rows;
  private final double gigaflops;

  /**
   * @param gigaflops speed assumed while no run has been measured
   */
  Estimator(DecompositionRows rows, double gigaflops) {
    this.rows = rows;
    this.gigaflops = gigaflops;
  }

  Estimate of(Plan plan, ModelManifest manifest) {
    SwittiArchitecture transformer = SwittiArchitecture.of(manifest);
    long transformerSize = transformer.tensors().size();
    int tokens = transformer.tokensUpTo(transformer.sides().size() - 1);
    Optional<Duration> measured = rows.typicalStep(plan.backboneDigest());
    // Forward, and the same again for gradients towards the inputs: weights are frozen.
    double operations = 4.0 * transformerSize * tokens;
    double stepMillis =
        measured.map(step -> step.toNanos() / 1e6).orElse(operations / (gigaflops * 1e6));
    double steps =
        plan.options().steps()
            + STEPS_PER_CAPTION * WordChoice.captions(manifest.vocabulary(), plan.options());
    return new Estimate(
        memory(manifest, transformer, transformerSize, tokens),
        Math.round(stepMillis * 10) / 10.0,
        Math.round(stepMillis * steps),
        measured.isPresent() ? Estimate.Basis.RECENT_RUNS : Estimate.Basis.MODEL_SIZE);
  }

  private static long memory(
      ModelManifest manifest, SwittiArchitecture transformer, long transformerSize, long tokens) {
    long weights = transformerSize + VqvaeArchitecture.of(manifest).tensors().size();
    for (ModelManifest.TextEncoderSpec text : manifest.textEncoders()) {
      long layer = 4L * text.width() * text.width() + 2L * text.width() * text.feedForward();
      weights += layer * text.layers() + (long) text.vocabulary() * text.width();
    }
    long kept = tokens * transformer.depth() * transformer.width() * KEPT_PER_BLOCK;
    long logits = tokens * transformer.codes() * KEPT_PER_LOGIT;
    long pictures =
        (long) manifest.resolution()
            * manifest.resolution()
            * manifest.vqvae().channels()
            * PICTURE_MAPS;
    return FLOAT_BYTES * (weights + Math.max(kept + logits, pictures));
  }
}
