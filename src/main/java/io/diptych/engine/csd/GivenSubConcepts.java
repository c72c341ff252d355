package io.diptych.engine.csd;

import java.util.ArrayList;
import java.util.List;

/**
 * The caller's own list, in its order. Repeated lines are kept: they weigh more, as in the authors'
 * lists.
 */
public final class GivenSubConcepts implements SubConcepts {

  private final List<String> lines;

  /**
   * Checks and trims a list.
   *
   * @throws io.diptych.engine.EngineException of kind {@code INVALID_OPTIONS} for an empty list,
   *     more than {@link #MOST_LINES} lines, or a line that is empty, longer than {@link
   *     #LONGEST_LINE} characters or holds control characters
   */
  public GivenSubConcepts(List<String> lines) {
    if (lines.isEmpty()) {
      throw SubjectPhrase.invalid(
          "The list of sub-concepts is empty. Give at least one line, or none at all to have them"
              + " chosen from WordNet.");
    }
    if (lines.size() > MOST_LINES) {
      throw SubjectPhrase.invalid(
          "There are " + lines.size() + " sub-concepts; at most " + MOST_LINES + " are allowed.");
    }
    List<String> checked = new ArrayList<>(lines.size());
    for (int i = 0; i < lines.size(); i++) {
      checked.add(check(lines.get(i).strip(), i + 1));
    }
    this.lines = List.copyOf(checked);
  }

  private static String check(String line, int number) {
    if (line.isEmpty()) {
      throw SubjectPhrase.invalid("Sub-concept " + number + " is empty.");
    }
    if (line.length() > LONGEST_LINE) {
      throw SubjectPhrase.invalid(
          "Sub-concept "
              + number
              + " has "
              + line.length()
              + " characters; at most "
              + LONGEST_LINE
              + " are allowed.");
    }
    if (line.chars().anyMatch(Character::isISOControl)) {
      throw SubjectPhrase.invalid(
          "Sub-concept " + number + " holds a line break or another control character.");
    }
    return line;
  }

  /**
   * The list as given, lines that do not fit included; the word only has to be a valid one.
   *
   * @throws io.diptych.engine.EngineException also when the list has more lines than are wanted
   */
  @Override
  public SubConceptList of(String contentWord, LinesWanted wanted) {
    SubjectPhrase.parse(contentWord);
    if (lines.size() > wanted.atMost()) {
      throw SubjectPhrase.invalid(
          "There are "
              + lines.size()
              + " sub-concepts; at most "
              + wanted.atMost()
              + " are wanted.");
    }
    return new SubConceptList(
        lines, SubConceptList.Source.GIVEN, lines.size() + " lines given by the caller", null);
  }
}
