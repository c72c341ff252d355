package io.diptych.engine.csd;

/**
 * Where the sub-concepts of SVD rectification come from: short descriptions of kinds of the
 * subject, whose leading singular directions are removed from the style (CSD-VAR, equations 10 and
 * 11). Implementations are safe for use by several threads.
 */
public interface SubConcepts {

  /** How many different lines are found for any subject. */
  int SURE_LINES = 50;

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
   * @param wanted how many lines, and which are of use
   * @return at least one line and at most as many as are wanted, and where they came from; fewer
   *     than are needed when no source has more
   * @throws io.diptych.engine.EngineException of kind {@code INVALID_OPTIONS} when the word holds
   *     no letter or is too long
   */
  SubConceptList of(String contentWord, LinesWanted wanted);
}
