package io.diptych.engine;

import java.util.List;

/**
 * One optimisation step.
 *
 * @param step steps done, 1-based
 * @param totalSteps steps of the run
 * @param kind which concept this step optimised
 * @param loss the weighted loss that was differentiated
 * @param scaleLosses mean token cross-entropy of each scale, coarse to fine; NaN for a scale that
 *     this step did not compute
 * @param millis wall time of the step
 */
public record StepReport(
    int step, int totalSteps, Kind kind, double loss, List<Double> scaleLosses, double millis) {

  /** Style steps and content steps alternate, style first. */
  public enum Kind {
    STYLE,
    CONTENT,
    /** Both at once: the plain loss over all scales, when scale-aware optimisation is off. */
    JOINT
  }
}
