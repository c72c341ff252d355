package io.diptych.engine.csd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.diptych.engine.DecompositionOptions.Profile;
import io.diptych.engine.StepReport.Kind;
import io.diptych.engine.csd.ScaleGroups.Range;
import io.diptych.engine.weights.ModelManifest.ScaleWeights;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScaleGroupsTest {

  private static final List<Integer> SIDES_512 = List.of(1, 2, 3, 4, 6, 9, 13, 18, 24, 32);

  @Test
  void theOfficialProfileWeighsTokensAsTheAuthorsCode() {
    ScaleGroups groups = new ScaleGroups(SIDES_512, Profile.OFFICIAL_CODE, 0.1, null);
    assertThat(groups.tokenWeight(Kind.STYLE, 0)).isCloseTo(1 / 14.0, within(1e-12));
    assertThat(groups.tokenWeight(Kind.STYLE, 9)).isCloseTo(0.1 / 2226, within(1e-12));
    assertThat(groups.tokenWeight(Kind.CONTENT, 2)).isZero();
    assertThat(groups.tokenWeight(Kind.CONTENT, 9)).isCloseTo(1 / 2226.0, within(1e-12));
    assertThat(groups.tokenWeight(Kind.CONTENT, 9) * 32 * 32).isCloseTo(0.46, within(0.01));
  }

  @Test
  void weightsOfAStyleStepSumToOnePlusAlphaAndOfTheOthersToOne() {
    for (Profile profile : List.of(Profile.OFFICIAL_CODE, Profile.PAPER)) {
      ScaleGroups groups = new ScaleGroups(SIDES_512, profile, 0.1, null);
      assertThat(sum(groups, Kind.STYLE)).isCloseTo(1.1, within(1e-9));
      assertThat(sum(groups, Kind.CONTENT)).isCloseTo(1, within(1e-9));
      assertThat(sum(groups, Kind.JOINT)).isCloseTo(1, within(1e-9));
    }
  }

  @Test
  void aCausalContentStepOfThePaperProfileNeverComputesTheLastScale() {
    ScaleGroups groups = new ScaleGroups(SIDES_512, Profile.PAPER, 0.1, null);
    assertThat(groups.computed(Kind.CONTENT, true)).containsExactly(new Range(0, 8));
    assertThat(groups.computed(Kind.STYLE, true)).containsExactly(new Range(0, 9));
  }

  @Test
  void aNonCausalModelComputesOnlyTheScalesItIsScoredOn() {
    ScaleGroups paper = new ScaleGroups(SIDES_512, Profile.PAPER, 0, null);
    assertThat(paper.computed(Kind.CONTENT, false)).containsExactly(new Range(3, 8));
    assertThat(paper.computed(Kind.STYLE, false)).containsExactly(new Range(0, 2), new Range(9, 9));
    ScaleGroups official = new ScaleGroups(SIDES_512, Profile.OFFICIAL_CODE, 0.1, null);
    assertThat(official.computed(Kind.CONTENT, false)).containsExactly(new Range(3, 9));
  }

  @Test
  void theMeasuredProfileWeighsEveryScaleByWhatItTells() {
    List<Double> content = List.of(0.1, 0.3, 0.4, 0.2, 0.1, 0.1, 0.0, 0.1, 0.1, 0.0);
    List<Double> style = List.of(1.3, 0.4, 0.2, 0.1, 0.1, 0.0, 0.0, 0.0, 0.1, 0.1);
    ScaleGroups groups =
        new ScaleGroups(SIDES_512, Profile.MEASURED, 0.1, new ScaleWeights(content, style));

    assertThat(groups.tokenWeight(Kind.CONTENT, 2) / groups.tokenWeight(Kind.CONTENT, 3))
        .isCloseTo(2, within(1e-12));
    assertThat(groups.tokenWeight(Kind.STYLE, 0) / groups.tokenWeight(Kind.STYLE, 9))
        .isCloseTo(13, within(1e-12));
    assertThat(groups.tokenWeight(Kind.STYLE, 6)).isZero();
    for (Kind kind : Kind.values()) {
      assertThat(sum(groups, kind)).as(kind.name()).isCloseTo(1, within(1e-9));
    }
    assertThat(groups.computed(Kind.CONTENT, true)).containsExactly(new Range(0, 8));
    assertThat(groups.computed(Kind.STYLE, false))
        .containsExactly(new Range(0, 4), new Range(8, 9));
    assertThat(groups.hasNoContent()).isFalse();
  }

  private static double sum(ScaleGroups groups, Kind kind) {
    double sum = 0;
    for (int scale = 0; scale < SIDES_512.size(); scale++) {
      sum += groups.tokenWeight(kind, scale) * SIDES_512.get(scale) * SIDES_512.get(scale);
    }
    return sum;
  }
}
