package io.diptych.engine.csd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.engine.EngineException;
import io.diptych.engine.csd.SubConceptList.Source;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import net.sf.extjwnl.JWNLException;
import net.sf.extjwnl.dictionary.Dictionary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WordNetSubConceptsTest {

  private final SubConcepts wordNet = new WordNetSubConcepts();

  @Test
  void aFoxHasItsKindsThenItsRelativesThenGeneralLines() {
    SubConceptList fox = wordNet.of("fox", LinesWanted.upTo(SubConcepts.USUAL_LINES));

    assertThat(fox.source()).isEqualTo(Source.WORDNET);
    assertThat(fox.fallbackReason()).isNull();
    assertThat(fox.lines())
        .containsSubsequence(
            "A red fox", "An Arctic fox", "A prairie fox", "A wolf", "A hyena", "A small fox");
    assertThat(fox.lines()).hasSize(WordNetSubConcepts.ENOUGH_LINES);
    assertThat(fox.origin()).contains("WordNet 3.1", "noun \"fox\" (noun.animal)", "kinds");
  }

  @Test
  void aPenguinIsNotCutAtItsIn() {
    assertThat(wordNet.of("penguin", LinesWanted.upTo(200)).lines())
        .contains("An emperor penguin", "A king penguin", "An Adelie penguin", "A small penguin");
  }

  @Test
  void aViolinHasItsMakersAndItsSiblings() {
    assertThat(wordNet.of("violin", LinesWanted.upTo(200)).lines())
        .containsSubsequence("An Amati violin", "A cello", "A viola", "A small violin");
  }

  @Test
  void aTeapotWithoutKindsHasRelatives() {
    SubConceptList teapot = wordNet.of("teapot", LinesWanted.upTo(200));

    assertThat(teapot.source()).isEqualTo(Source.WORDNET);
    assertThat(teapot.origin()).contains("0 kinds");
    assertThat(teapot.lines()).contains("A kettle", "A coffeepot", "A large teapot");
  }

  @Test
  void aCatHasEnoughKindsToNeedNothingElse() {
    SubConceptList cat = wordNet.of("cat", LinesWanted.upTo(200));

    assertThat(cat.lines()).contains("A Siamese cat", "A tabby cat").doesNotContain("A small cat");
    assertThat(cat.origin()).contains("0 relatives, 0 general lines");
  }

  @Test
  void aVarietyThatNamesTheSubjectIsNotFollowedByItAgain() {
    assertThat(wordNet.of("cat", LinesWanted.upTo(200)).lines())
        .contains("A wildcat", "A bobcat", "A European wildcat")
        .noneMatch(line -> line.endsWith("cat cat"));
  }

  @Test
  void namesThatAreSlursOnTheirOwnAreLeftOut() {
    assertThat(wordNet.of("cat", LinesWanted.upTo(200)).lines())
        .noneMatch(line -> line.contains("kaffir"));
    assertThat(wordNet.of("fox", LinesWanted.upTo(200)).lines()).contains("A black fox");
  }

  @Test
  void latinNamesAreLeftOut() {
    assertThat(wordNet.of("fox", LinesWanted.upTo(200)).lines())
        .noneMatch(line -> line.contains("Vulpes"));
    assertThat(wordNet.of("mushroom", LinesWanted.upTo(200)).lines())
        .noneMatch(line -> line.contains("bohemica"));
  }

  @Test
  void aPluralPhraseIsTheSingularOne() {
    assertThat(wordNet.of("red foxes", LinesWanted.upTo(200)))
        .isEqualTo(wordNet.of("Red Fox", LinesWanted.upTo(200)));
    assertThat(wordNet.of("red fox", LinesWanted.upTo(200)).lines())
        .contains("A silver fox", "An Arctic fox", "A small red fox")
        .doesNotContain("A red fox");
    assertThat(wordNet.of("mice", LinesWanted.upTo(200)))
        .isEqualTo(wordNet.of("a mouse", LinesWanted.upTo(200)));
  }

  @Test
  void twoWordsThatWordNetWritesAsOneAreFound() {
    assertThat(wordNet.of("tea cups", LinesWanted.upTo(200)))
        .isEqualTo(wordNet.of("teacup", LinesWanted.upTo(200)));
    assertThat(wordNet.of("teacup", LinesWanted.upTo(200)).lines())
        .contains("A chalice", "A small teacup");
  }

  @Test
  void anUnknownPhraseStandsForItsHeadNoun() {
    assertThat(wordNet.of("rusty old lantern", LinesWanted.upTo(200)).lines())
        .contains("A Chinese lantern", "A small rusty old lantern");
    assertThat(wordNet.of("a cat with a violin", LinesWanted.upTo(200)).lines())
        .contains("A Siamese cat");
    assertThat(wordNet.of("cup of tea", LinesWanted.upTo(200)).lines())
        .contains("A coffee cup", "A small cup of tea");
    assertThat(wordNet.of("Eiffel Tower", LinesWanted.upTo(200)).lines()).contains("A bell tower");
  }

  @ParameterizedTest
  @ValueSource(strings = {"crown", "glass", "hammer", "brush", "teacup"})
  void theMeaningThatCanBeDrawnIsTaken(String word) {
    // Their first senses are a monarchy, a substance, a part of a gun, a thicket, a measure.
    assertThat(wordNet.of(word, LinesWanted.upTo(200)).origin()).contains("(noun.artifact)");
  }

  @Test
  void amongDrawableMeaningsTheRicherUncountedOneIsTaken() {
    assertThat(wordNet.of("hammer", LinesWanted.upTo(200)).lines()).contains("A claw hammer");
  }

  @Test
  void aWordForPeopleGetsGeneralLinesOnly() {
    SubConceptList woman = wordNet.of("woman", LinesWanted.upTo(200));

    assertThat(woman.source()).isEqualTo(Source.GENERAL);
    assertThat(woman.fallbackReason()).contains("people").contains("\"woman\"");
  }

  @Test
  void aWordWordNetDoesNotKnowGetsGeneralLinesAndTheReason() {
    SubConceptList unknown = wordNet.of("blorptang", LinesWanted.upTo(200));

    assertThat(unknown.source()).isEqualTo(Source.GENERAL);
    assertThat(unknown.fallbackReason()).isEqualTo("WordNet does not know \"blorptang\".");
    assertThat(unknown.lines())
        .hasSize(WordNetSubConcepts.ENOUGH_LINES)
        .startsWith("A small blorptang")
        .contains("An old blorptang");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'; DROP TABLE job; --",
        "<script>alert(1)</script>",
        "${jndi:ldap://x/y}",
        "../../etc/passwd",
        "%s%n%x",
        "fox\nA hundred lines\u0000",
        "\u72d0\u72f8",
        "\u00e9l\u00e9phant",
        "x",
        "7",
        "- - fox -"
      })
  void oddTextGivesCleanLines(String word) {
    assertThat(wordNet.of(word, LinesWanted.upTo(30)).lines())
        .hasSizeBetween(1, 30)
        .allMatch(line -> line.matches("An? [\\p{L}\\p{N}' .-]+"), "letters, digits, blanks");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "   ", "\t\n", "!!!", "--", "\ud83e\udd8a"})
  void aWordWithoutLettersIsRefused(String word) {
    assertThatThrownBy(() -> wordNet.of(word, LinesWanted.upTo(200)))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INVALID_OPTIONS))
        .hasMessageContaining("holds no letter");
  }

  @Test
  void aVeryLongWordIsRefusedWithoutRepeatingIt() {
    assertThatThrownBy(() -> wordNet.of("fox ".repeat(50_000), LinesWanted.upTo(200)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("200000 characters; at most 100")
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(200));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, SubConcepts.MOST_LINES + 1})
  void aLineCountOutOfRangeIsRefused(int atMost) {
    assertThatThrownBy(() -> wordNet.of("fox", LinesWanted.upTo(atMost)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("1 to 500");
  }

  @ParameterizedTest
  @ValueSource(strings = {"fox", "dog", "animal", "teapot", "blorptang", "flower"})
  void noLineComesTwiceAndNoMoreThanWanted(String word) {
    for (int atMost : new int[] {1, 7, 60, 200, 500}) {
      List<String> lines = wordNet.of(word, LinesWanted.upTo(atMost)).lines();
      assertThat(lines).hasSizeBetween(1, atMost);
      assertThat(new HashSet<>(lines.stream().map(l -> l.toLowerCase(Locale.ROOT)).toList()))
          .hasSameSizeAs(lines);
    }
  }

  @Test
  void severalThreadsGetWhatOneGets() throws Exception {
    List<String> words = List.of("fox", "cat", "dog", "piano", "hat", "horse", "flower", "bass");
    List<SubConceptList> alone =
        words.stream().map(word -> wordNet.of(word, LinesWanted.upTo(200))).toList();
    ExecutorService threads = Executors.newFixedThreadPool(words.size());
    try {
      // A dictionary of its own: its caches are still empty.
      SubConcepts fresh =
          new WordNetSubConcepts(new WordNet(Dictionary::getDefaultResourceInstance));
      List<Callable<SubConceptList>> calls = new ArrayList<>();
      words.forEach(word -> calls.add(() -> fresh.of(word, LinesWanted.upTo(200))));
      List<SubConceptList> together = new ArrayList<>();
      for (Future<SubConceptList> result : threads.invokeAll(calls)) {
        together.add(result.get());
      }
      assertThat(together).isEqualTo(alone);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aDictionaryThatCannotBeReadGivesGeneralLinesAndTheReason() {
    SubConceptList broken =
        new WordNetSubConcepts(
                new WordNet(
                    () -> {
                      throw new JWNLException("disk on fire");
                    }))
            .of("fox", LinesWanted.upTo(20));
    SubConceptList missing =
        new WordNetSubConcepts(new WordNet(() -> null)).of("fox", LinesWanted.upTo(20));

    assertThat(broken.source()).isEqualTo(Source.GENERAL);
    assertThat(broken.lines()).hasSize(20).startsWith("A small fox");
    assertThat(broken.fallbackReason()).contains("disk on fire");
    assertThat(missing.fallbackReason()).contains("not on the class path");
  }

  @Test
  void theDictionaryIsOpenedOnceAndOnlyWhenAsked() {
    int[] opened = {0};
    SubConcepts counting =
        new WordNetSubConcepts(
            new WordNet(
                () -> {
                  opened[0]++;
                  return Dictionary.getDefaultResourceInstance();
                }));
    assertThat(opened[0]).isZero();

    long before = usedBytes();
    long start = System.nanoTime();
    counting.of("fox", LinesWanted.upTo(200));
    long first = System.nanoTime() - start;
    long held = usedBytes() - before;
    start = System.nanoTime();
    counting.of("violin", LinesWanted.upTo(200));
    long second = System.nanoTime() - start;
    start = System.nanoTime();
    counting.of("flower", LinesWanted.upTo(200));
    long large = System.nanoTime() - start;

    assertThat(opened[0]).isEqualTo(1);
    System.out.printf(
        Locale.ROOT,
        "WordNet: first word %.0f ms (loading included), %.0f MB heap held; then violin %.1f ms,"
            + " flower (200 kinds) %.1f ms%n",
        first / 1e6,
        held / 1e6,
        second / 1e6,
        large / 1e6);
  }

  private static long usedBytes() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
