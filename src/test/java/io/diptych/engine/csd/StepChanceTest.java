package io.diptych.engine.csd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.diptych.engine.DecompositionOptions;
import org.junit.jupiter.api.Test;

class StepChanceTest {

  private static final int SEEDS = 40;
  private static final int STEPS = 150;

  @Test
  void flipsAreIndependentOfWhatTheStepBeforeDropped() {
    int flipped = 0;
    int dropped = 0;
    int flippedAfterDropped = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      DecompositionOptions options = DecompositionOptions.of("fox", "ink", seed);
      for (int step = 0; step < STEPS; step++) {
        StepChance chance = StepChance.of(options, step);
        flipped += chance.flipped() ? 1 : 0;
        if (chance.dropped()) {
          dropped++;
          flippedAfterDropped += StepChance.of(options, step + 1).flipped() ? 1 : 0;
        }
      }
    }
    double steps = SEEDS * STEPS;
    assertThat(flipped / steps).isCloseTo(0.5, within(0.03));
    assertThat(dropped / steps).isCloseTo(0.1, within(0.02));
    assertThat((double) flippedAfterDropped / dropped).isCloseTo(0.5, within(0.1));
  }
}
