package io.diptych.engine.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.diptych.engine.EngineException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * A Hugging Face tokenizer that knows placeholders. The text between placeholders is tokenised
 * piece by piece, so ordinary words keep their tokens whatever stands beside them. Safe for use by
 * several threads at once.
 */
final class CaptionTokenizer implements AutoCloseable {

  static {
    // DJL would look for a CUDA build of the tokenizers on the network, and report its use.
    defaultProperty("RUST_FLAVOR", "cpu");
    defaultProperty("OPT_OUT_TRACKING", "true");
  }

  private final HuggingFaceTokenizer tokenizer;
  private final int vocabulary;
  private final int maximumTokens;
  private final long start;
  private final long end;

  private CaptionTokenizer(HuggingFaceTokenizer tokenizer, int vocabulary, int maximumTokens) {
    this.tokenizer = tokenizer;
    this.vocabulary = vocabulary;
    this.maximumTokens = maximumTokens;
    long[] empty = tokenizer.encode("", true, false).getIds();
    if (empty.length != 2) {
      throw new IllegalArgumentException(
          "it puts " + empty.length + " special tokens around a text instead of 2");
    }
    this.start = empty[0];
    this.end = empty[1];
  }

  /**
   * Reads a tokenizer.
   *
   * @param json the bytes of {@code tokenizer.json}
   * @param vocabulary rows of the model's embedding table
   * @param maximumTokens longest prompt, special tokens included
   * @param model what to call the model in errors
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} when it is not a tokenizer
   */
  static CaptionTokenizer read(ByteBuffer json, int vocabulary, int maximumTokens, String model) {
    byte[] bytes = new byte[json.remaining()];
    json.duplicate().get(bytes);
    try {
      HuggingFaceTokenizer tokenizer =
          HuggingFaceTokenizer.newInstance(
              new ByteArrayInputStream(bytes),
              Map.of(
                  "truncation",
                  "false",
                  "padding",
                  "false",
                  "maxLength",
                  Integer.toString(maximumTokens),
                  "modelMaxLength",
                  Integer.toString(maximumTokens)));
      return new CaptionTokenizer(tokenizer, vocabulary, maximumTokens);
    } catch (IOException | RuntimeException e) {
      throw new EngineException(
          EngineException.Kind.MODEL_UNAVAILABLE,
          "The tokenizer of " + model + " cannot be read: " + e.getMessage() + ".",
          e);
    }
  }

  Prompt tokenize(String caption, List<String> placeholders) {
    LongStream.Builder ids = LongStream.builder();
    ids.add(start);
    int from = 0;
    if (!placeholders.isEmpty()) {
      Matcher matcher = longestFirst(placeholders).matcher(caption);
      while (matcher.find()) {
        addOrdinary(caption.substring(from, matcher.start()), ids);
        ids.add(vocabulary + placeholders.indexOf(matcher.group()));
        from = matcher.end();
      }
    }
    addOrdinary(caption.substring(from), ids);
    ids.add(end);
    long[] all = ids.build().toArray();
    if (all.length > maximumTokens) {
      throw new EngineException(
          EngineException.Kind.INVALID_OPTIONS,
          String.format(
              "The text \"%s\" has %d tokens; this model takes %d at most, start and end included."
                  + " Shorten it.",
              abbreviated(caption), all.length, maximumTokens));
    }
    int endOfText = 1;
    while (all[endOfText] != end) {
      endOfText++;
    }
    return new Prompt(caption, all, vocabulary, endOfText);
  }

  /** Ids of a text without special tokens. */
  long[] ordinary(String text) {
    LongStream.Builder ids = LongStream.builder();
    addOrdinary(text, ids);
    return ids.build().toArray();
  }

  private void addOrdinary(String text, LongStream.Builder ids) {
    if (text.isBlank()) {
      return;
    }
    for (long id : tokenizer.encode(text, false, false).getIds()) {
      if (id >= vocabulary) {
        throw new EngineException(
            EngineException.Kind.MODEL_UNAVAILABLE,
            "The tokenizer does not belong to this model: it gives the id "
                + id
                + ", but the model knows "
                + vocabulary
                + " ids.");
      }
      ids.add(id);
    }
  }

  private static Pattern longestFirst(List<String> placeholders) {
    return Pattern.compile(
        placeholders.stream()
            .sorted(Comparator.comparingInt(String::length).reversed())
            .map(Pattern::quote)
            .collect(Collectors.joining("|")));
  }

  private static String abbreviated(String text) {
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }

  private static void defaultProperty(String name, String value) {
    if (System.getProperty(name) == null) {
      System.setProperty(name, value);
    }
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
