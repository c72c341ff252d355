package io.diptych.engine.csd;

import java.util.function.Predicate;

/**
 * Which sub-concepts are of use to a run.
 *
 * @param atLeast different lines that are needed; a source that finds fewer leaves it to its
 *     fallback
 * @param atMost the most lines wanted, 1 to {@link SubConcepts#MOST_LINES}
 * @param fits whether the text encoders take a line; a source leaves others out
 */
public record LinesWanted(int atLeast, int atMost, Predicate<String> fits) {

  /**
   * Checks the numbers.
   *
   * @throws io.diptych.engine.EngineException of kind {@code INVALID_OPTIONS} when {@code atMost}
   *     is out of range
   */
  public LinesWanted {
    if (atMost < 1 || atMost > SubConcepts.MOST_LINES) {
      throw SubjectPhrase.invalid(
          "The number of sub-concepts must be 1 to "
              + SubConcepts.MOST_LINES
              + "; it is "
              + atMost
              + ".");
    }
  }

  /** Whatever there is, up to a number of lines. */
  static LinesWanted upTo(int atMost) {
    return new LinesWanted(1, atMost, line -> true);
  }
}
