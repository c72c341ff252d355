package io.diptych.engine;

/**
 * How tokens are chosen (backbones.md 2.5). Scale indices are 0-based.
 *
 * @param guidanceScale cfg; the applied strength grows linearly with the scale
 * @param guidanceFromScale first guided scale
 * @param guidanceToScale first scale that is no longer guided; from it on the unconditional half is
 *     dropped
 * @param topK candidates kept; 0 keeps all
 * @param topP probability mass kept; 0 keeps all
 * @param smoothFromScale Gumbel smoothing from this scale on; {@code OFF} for never
 * @param lastScaleTemperature divisor of the logits of unguided last scales
 * @param greedy take the likeliest token; no noise
 */
public record Sampling(
    double guidanceScale,
    int guidanceFromScale,
    int guidanceToScale,
    int topK,
    double topP,
    int smoothFromScale,
    double lastScaleTemperature,
    boolean greedy) {

  /** A scale index that never comes. */
  public static final int OFF = Integer.MAX_VALUE;

  /** Guidance 6, top-k 400, top-p 0.95, no smoothing: the pipeline's defaults. */
  public static final Sampling DEFAULT = new Sampling(6, 0, OFF, 400, 0.95, OFF, 1, false);

  String batchKey() {
    return "guidance "
        + guidanceFromScale
        + ".."
        + guidanceToScale
        + ", smoothing "
        + smoothFromScale
        + (greedy ? ", greedy" : "");
  }
}
