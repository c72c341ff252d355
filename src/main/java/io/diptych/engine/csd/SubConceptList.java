package io.diptych.engine.csd;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Sub-concepts and how they came to be; the artifact's metadata keep the origin.
 *
 * @param lines descriptions such as {@code An Arctic fox}, in a fixed order
 * @param source what gave the lines
 * @param origin one sentence for people: which sense, which model, how many lines of what sort
 * @param fallbackReason why the source that was asked for gave nothing; null when it did
 */
public record SubConceptList(
    List<String> lines, Source source, String origin, @Nullable String fallbackReason) {

  /** What gave the lines. */
  public enum Source {
    /** The caller's own list. */
    GIVEN,
    /** A language model behind an HTTP endpoint. */
    LANGUAGE_MODEL,
    /** Kinds and relatives of the subject in WordNet 3.1, topped up with general lines. */
    WORDNET,
    /** The built-in list of neutral adjectives alone. */
    GENERAL
  }

  public SubConceptList {
    lines = List.copyOf(lines);
    if (lines.isEmpty()) {
      throw new IllegalArgumentException("a source gives at least one line");
    }
  }

  SubConceptList insteadOf(String reason) {
    String all = fallbackReason == null ? reason : reason + " " + fallbackReason;
    return new SubConceptList(lines, source, origin, all);
  }
}
