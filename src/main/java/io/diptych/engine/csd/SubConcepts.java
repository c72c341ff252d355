package io.diptych.engine.csd;

/**
 * Where the sub-concepts of SVD rectification come from: short descriptions of kinds of the
 * subject, whose leading singular directions are removed from the style (CSD-VAR, equations 10 and
 * 11). Implementations are safe for use by several threads.
 */
public interface SubConcepts {

  /** How many lines the authors' lists hold. */
  int USUAL_LINES = 200;

  /** The most lines any source gives or takes. */
  int MOST_LINES = 500;

  /** The longest line, in characters. */
  int LONGEST_LINE = 200;

  /** The longest word(s) for a subject, in characters. */
  int LONGEST_SUBJECT = 100;

  /** Whether every source takes these word(s) for a subject. */
  static boolean isSubject(String contentWord) {
    return contentWord.length() <= LONGEST_SUBJECT
        && contentWord.codePoints().anyMatch(Character::isLetterOrDigit);
  }

  /**
   * Describes kinds of a subject.
   *
   * @param contentWord the word(s) for the subject, for example {@code fox} or {@code red fox}
   * @param atMost the most lines wanted, 1 to {@link #MOST_LINES}
   * @return at least one line and at most {@code atMost}, and where they came from
   * @throws io.diptych.engine.EngineException of kind {@code INVALID_OPTIONS} when the word holds
   *     no letter, is too long, or {@code atMost} is out of range
   */
  SubConceptList of(String contentWord, int atMost);
}
