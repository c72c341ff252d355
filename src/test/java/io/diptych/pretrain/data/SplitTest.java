package io.diptych.pretrain.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SplitTest {

  private static final List<String> CODES =
      java.util.stream.IntStream.range(0, 4000).mapToObj(i -> "thing" + i).toList();

  @Test
  void aTenthOfTheThingsIsHeldOut() {
    double share = share(CODES.stream().filter(Split::holdsOut).count(), CODES.size());
    System.out.printf("held-out things of %d names: %.4f%n", CODES.size(), share);
    assertThat(share).isBetween(0.09, 0.11);
  }

  @Test
  void aTenthOfTheWellKnownThingsIsHeldOut() {
    List<Things.Curated> curated = Things.curated();
    List<String> kept =
        curated.stream().filter(c -> Split.holdsOut(c.code())).map(Things.Curated::name).toList();
    System.out.printf("held out of %d well-known things: %s%n", curated.size(), kept);
    assertThat(share(kept.size(), curated.size())).isBetween(0.07, 0.13);
    // Pinned: a model that was trained must not meet other held-out things after an update.
    assertThat(kept).contains("tiger", "bicycle", "robot", "guitar").doesNotContain("fox", "car");
  }

  @Test
  void fifteenPercentOfThePairsAreHeldOut() {
    long held = 0;
    for (String code : CODES) {
      for (Style style : Style.values()) {
        held += Split.holdsOut(code, style) ? 1 : 0;
      }
    }
    double share = share(held, (long) CODES.size() * Style.values().length);
    System.out.printf("held-out pairs: %.4f%n", share);
    assertThat(share).isBetween(0.145, 0.155);
  }

  @Test
  void everyPairBelongsToOneSplitUnlessNeitherSideIsKnown() {
    for (String code : CODES.subList(0, 300)) {
      for (Style style : Style.values()) {
        Set<Split> splits = EnumSet.noneOf(Split.class);
        for (Split split : Split.values()) {
          if (split != Split.VALIDATION && split.holds(code, style)) {
            splits.add(split);
          }
        }
        boolean unknown = Split.holdsOut(code) && Split.holdsOut(style);
        assertThat(splits).hasSize(unknown ? 0 : 1);
      }
    }
  }

  @Test
  void validationHasThePairsOfTraining() {
    for (String code : CODES.subList(0, 300)) {
      for (Style style : Style.values()) {
        assertThat(Split.VALIDATION.holds(code, style)).isEqualTo(Split.TRAIN.holds(code, style));
      }
    }
  }

  @Test
  void twoStylesAreHeldOut() {
    assertThat(Style.values())
        .filteredOn(Split::holdsOut)
        .containsExactly(Style.CHARCOAL, Style.POINTILLISM);
  }

  private static double share(long part, long whole) {
    return (double) part / whole;
  }
}
