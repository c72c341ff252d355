package io.diptych.engine;

import java.util.ArrayList;
import java.util.List;

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

  /** The same with another guidance scale. */
  public Sampling withGuidanceScale(double scale) {
    return new Sampling(
        scale,
        guidanceFromScale,
        guidanceToScale,
        topK,
        topP,
        smoothFromScale,
        lastScaleTemperature,
        greedy);
  }

  /**
   * Checks the numbers against a model.
   *
   * @param scales of the model
   * @throws EngineException of kind {@code INVALID_OPTIONS} that names every value at fault
   */
  public void validate(int scales) {
    List<String> problems = faults(scales);
    if (!problems.isEmpty()) {
      throw new EngineException(
          EngineException.Kind.INVALID_OPTIONS,
          "The sampling cannot be used: " + String.join("; ", problems) + ".");
    }
  }

  /**
   * Every number that cannot be used: which, and what would be right.
   *
   * @param scales of the model
   */
  public List<String> faults(int scales) {
    List<String> problems = new ArrayList<>();
    if (!(guidanceScale >= 0 && guidanceScale <= 100)) {
      problems.add("guidance.scale must be from 0 to 100");
    }
    if (guidanceFromScale < 0 || guidanceFromScale > scales) {
      problems.add("guidance.fromScale must be from 0 to " + scales);
    }
    if (guidanceToScale < guidanceFromScale) {
      problems.add("guidance.toScale must not be before guidance.fromScale");
    }
    if (topK < 0) {
      problems.add("topK must not be negative; 0 keeps all");
    }
    if (!(topP >= 0 && topP <= 1)) {
      problems.add("topP must be from 0 to 1; 0 keeps all");
    }
    if (smoothFromScale < 0) {
      problems.add("smoothFromScale must not be negative");
    }
    if (!(lastScaleTemperature > 0 && lastScaleTemperature <= 100)) {
      problems.add("lastScaleTemperature must be above 0 and at most 100");
    }
    return problems;
  }

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
