package io.diptych.pretrain.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.pretrain.data.paint.Backdrop;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CaptionsTest {

  private static final Thing FOX =
      new Thing("1f98a", "fox", List.of("a fox", "a red fox"), List.of("animal"), EmojiSet.drawn());
  private static final Backdrop RED = Backdrop.Plain.ALL.get(0);

  @Test
  void everyFormOfWordsOccurs() {
    assertThat(captions(Style.WATERCOLOR, Backdrop.Place.SNOW))
        .contains(
            "a fox in the snow, in watercolor style",
            "A fox in the snow in watercolor style",
            "A fox in watercolor style",
            "a fox in the snow",
            "a watercolor painting of a red fox in winter",
            "watercolor style, a fox in the snow",
            "a fox in the snow, animal, in watercolor style",
            "in watercolor style");
  }

  @Test
  void whiteIsNotMentioned() {
    assertThat(captions(Style.WATERCOLOR, new Backdrop.White()))
        .contains("A fox in watercolor style", "a fox")
        .noneMatch(caption -> caption.contains("white"));
  }

  @Test
  void aColourIsNamedOnlyWhereItCanBeSeen() {
    assertThat(captions(Style.WATERCOLOR, RED)).anyMatch(c -> c.contains("on a red background"));
    assertThat(captions(Style.PENCIL_SKETCH, RED)).noneMatch(c -> c.contains("background"));
  }

  @Test
  void aTenthIsEmptyForLearningAndNoneOtherwise() {
    SplittableRandom random = new SplittableRandom(3);
    int empty = 0;
    for (int i = 0; i < 5000; i++) {
      empty += Captions.forLearning(FOX, Style.MOSAIC, RED, random).isEmpty() ? 1 : 0;
      assertThat(Captions.write(FOX, Style.MOSAIC, RED, random)).isNotEmpty();
    }
    assertThat(empty / 5000.0).isBetween(0.085, 0.115);
  }

  @ParameterizedTest
  @CsvSource({
    "owl, an owl",
    "fox, a fox",
    "unicorn, a unicorn",
    "grapes, grapes",
    "octopus, an octopus",
    "glass of milk, a glass of milk",
    "face with hearts, a face with hearts"
  })
  void aNameGetsItsArticle(String name, String phrase) {
    assertThat(Thing.phrase(name)).isEqualTo(phrase);
  }

  @Test
  void wellKnownThingsHaveAPhraseAndAnOwnCode() {
    assertThat(Things.curated()).hasSizeBetween(100, 150);
    assertThat(Things.curated()).extracting(Things.Curated::code).doesNotHaveDuplicates();
    assertThat(Things.curated()).extracting(Things.Curated::name).doesNotHaveDuplicates();
    assertThat(Things.curated())
        .allSatisfy(c -> assertThat(c.phrases()).isNotEmpty().noneMatch(String::isBlank));
  }

  private static Set<String> captions(Style style, Backdrop backdrop) {
    SplittableRandom random = new SplittableRandom(1);
    Set<String> captions = new HashSet<>();
    for (int i = 0; i < 20_000; i++) {
      captions.add(Captions.write(FOX, style, backdrop, random));
    }
    return captions;
  }
}
