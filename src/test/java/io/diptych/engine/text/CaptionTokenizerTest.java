package io.diptych.engine.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.engine.EngineException;
import io.diptych.engine.weights.ModelSource;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class CaptionTokenizerTest {

  private static final List<String> PLACEHOLDERS =
      List.of("<object>", "<object>_1", "<style>", "<style>_1");

  private static CaptionTokenizer clip;
  private static CaptionTokenizer minilm;

  @BeforeAll
  static void load() {
    long start = System.nanoTime();
    clip = CaptionTokenizer.read(file("/tokenizers/clip-tiny.json"), 128, 77, "sample");
    long native_ = System.nanoTime();
    minilm = CaptionTokenizer.read(file("/all-minilm-l6-v2-tokenizer.json"), 30522, 128, "MiniLM");
    System.out.printf(
        "Tokenizers: first, with the native library, %d ms; MiniLM %d ms%n",
        (native_ - start) / 1_000_000, (System.nanoTime() - native_) / 1_000_000);
  }

  @AfterAll
  static void close() {
    clip.close();
    minilm.close();
  }

  @Test
  void placeholdersAreFoundBeforeBytePairsLongestFirst() {
    Prompt prompt =
        clip.tokenize("A fox <object> <object>_1 in rainbow <style>_1 style", PLACEHOLDERS);
    assertThat(prompt.ids()).containsExactly(126, 26, 73, 128, 129, 74, 84, 131, 78, 127);
    assertThat(prompt.positions(0, 2)).containsExactly(3, 4);
    assertThat(prompt.positions(2, 4)).containsExactly(7);
    assertThat(prompt.firstLearned()).isEqualTo(3);
    assertThat(prompt.learnedRows()).isEqualTo(4);
    assertThat(prompt.endOfText()).isEqualTo(9);
  }

  @Test
  void placeholdersNeedNoSpaces() {
    assertThat(clip.tokenize("fox<object>_1<object>in", PLACEHOLDERS).ids())
        .containsExactly(126, 73, 129, 128, 74, 127);
  }

  @Test
  void placeholdersNobodyDeclaredAreOrdinaryText() {
    assertThat(clip.tokenize("fox <object>", List.of()).hasLearnedRows()).isFalse();
  }

  @Test
  void wordsKeepTheirTokensBesidePlaceholders() {
    long[] plain = minilm.ordinary("a hedgehog in watercolor style");
    long[] with =
        minilm.tokenize("a hedgehog <object> in watercolor <style> style", PLACEHOLDERS).ids();
    assertThat(
            java.util.Arrays.stream(with)
                .filter(id -> id < 30522 && id != 101 && id != 102)
                .toArray())
        .containsExactly(plain);
  }

  @Test
  void theEmptyCaptionHasTwoTokens() {
    assertThat(clip.tokenize("", PLACEHOLDERS).ids()).containsExactly(126, 127);
    assertThat(minilm.tokenize("  \n", PLACEHOLDERS).ids()).containsExactly(101, 102);
  }

  @Test
  void anEndOfTextThatTheUserTypedEndsThePooling() {
    Prompt prompt = clip.tokenize("fox <|endoftext|> style", PLACEHOLDERS);
    assertThat(prompt.ids()).containsExactly(126, 73, 127, 78, 127);
    assertThat(prompt.endOfText()).isEqualTo(2);
  }

  @Test
  void aCaptionOfTheGreatestLengthFitsAndOneMoreTokenDoesNot() {
    assertThat(clip.tokenize("fox ".repeat(75), PLACEHOLDERS).length()).isEqualTo(77);
    assertThatThrownBy(() -> clip.tokenize("fox ".repeat(76), PLACEHOLDERS))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INVALID_OPTIONS))
        .hasMessageContaining("has 78 tokens; this model takes 77 at most")
        .hasMessageContaining("\"fox fox fox");
    assertThatThrownBy(() -> minilm.tokenize("fox ".repeat(127), PLACEHOLDERS))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("takes 128 at most");
  }

  @Test
  void oddTextIsTokenisedNotRefused() {
    for (String text :
        List.of(
            "\uD83E\uDD8A",
            "\uD83E",
            "\u0000",
            "Z\u0301\u0323",
            "\u202Eabc",
            "狐",
            "a".repeat(5000))) {
      assertThat(minilm.tokenize(text, PLACEHOLDERS).length()).isBetween(2, 128);
    }
  }

  @Test
  void aTokenizerOfAnotherModelIsRefused() {
    try (CaptionTokenizer wrong =
        CaptionTokenizer.read(file("/all-minilm-l6-v2-tokenizer.json"), 128, 77, "sample")) {
      assertThatThrownBy(() -> wrong.tokenize("fox", List.of()))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("does not belong to this model");
    }
  }

  @Test
  void aFileThatIsNoTokenizerIsRefused() {
    ByteBuffer nonsense = ByteBuffer.wrap(new byte[] {'{', '}'});
    assertThatThrownBy(() -> CaptionTokenizer.read(nonsense, 128, 77, "sample"))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("The tokenizer of sample cannot be read");
  }

  @Test
  void manyThreadsGetTheSameTokens() {
    long[] expected = minilm.tokenize("a hedgehog <object> in the snow", PLACEHOLDERS).ids();
    assertThat(
            IntStream.range(0, 400)
                .parallel()
                .mapToObj(
                    i -> minilm.tokenize("a hedgehog <object> in the snow", PLACEHOLDERS).ids()))
        .allSatisfy(ids -> assertThat(ids).containsExactly(expected));
  }

  private static ByteBuffer file(String resource) {
    return ModelSource.classpathFile(resource);
  }
}
