package io.diptych.engine.csd;

import io.diptych.engine.DecompositionOptions;
import java.util.SplittableRandom;

/**
 * What chance decides in a step, as a function of the seed and the step alone.
 *
 * @param flipped whether the picture is mirrored
 * @param dropped whether the pooled text is that of the empty prompt
 */
record StepChance(boolean flipped, boolean dropped) {

  /**
   * @param step counted from 0
   */
  static StepChance of(DecompositionOptions options, int step) {
    // A run of SplittableRandom is its seed plus multiples of one number: steps that were apart by
    // that number would share what they draw.
    long ofSteps = new SplittableRandom(options.seed()).nextLong();
    SplittableRandom random = new SplittableRandom(ofSteps + step);
    return new StepChance(
        random.nextDouble() < 0.5 && options.horizontalFlip(),
        random.nextDouble() < options.optimiser().conditionDropout());
  }
}
