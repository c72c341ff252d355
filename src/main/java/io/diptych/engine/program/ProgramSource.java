package io.diptych.engine.program;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text of a program with its includes in place, and where each of its lines came from.
 *
 * @param text as it is compiled
 * @param files per line, the file it stands in
 * @param lines per line, its number there, from 1
 */
record ProgramSource(String text, List<String> files, List<Integer> lines) {

  private static final Pattern INCLUDE = Pattern.compile("  # include (\\S+)");

  /** How TorchScript names a place in the text it compiled. */
  private static final Pattern PLACE =
      Pattern.compile("File \"[^\"]*__torch__\\.py\", line (\\d+)");

  /**
   * Puts includes in place; a line {@code # include FILE} stands for the methods in that file.
   *
   * @param file name of the program's own file
   * @param text of that file
   * @param included gives the text of a file
   */
  static ProgramSource of(String file, String text, UnaryOperator<String> included) {
    List<String> all = new ArrayList<>();
    List<String> files = new ArrayList<>();
    List<Integer> lines = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      Matcher include = INCLUDE.matcher(line);
      boolean whole = !include.matches();
      List<String> body = whole ? List.of(line) : included.apply(include.group(1)).lines().toList();
      for (int i = 0; i < body.size(); i++) {
        all.add(body.get(i));
        files.add(whole ? file : include.group(1));
        lines.add(whole ? number : i + 1);
      }
    }
    return new ProgramSource(String.join("\n", all) + "\n", files, lines);
  }

  /** The program's file, with the line of the first place that a message names, if it names one. */
  String place(String message) {
    return place(PLACE.matcher(message).results().findFirst());
  }

  /** The same of the last place, which in a traceback is that of the innermost call. */
  String innermost(String message) {
    return place(PLACE.matcher(message).results().reduce((outer, inner) -> inner));
  }

  private String place(Optional<MatchResult> place) {
    return place
        .map(found -> place(Integer.parseInt(found.group(1))))
        .orElse("programs/" + files.get(0));
  }

  /** A message that names the places in the files instead of those in the text compiled. */
  String translate(String message) {
    return PLACE
        .matcher(message)
        .replaceAll(place -> Matcher.quoteReplacement(place(Integer.parseInt(place.group(1)))));
  }

  private String place(int line) {
    int index = Math.min(Math.max(line, 1), files.size()) - 1;
    return "programs/" + files.get(index) + ":" + lines.get(index);
  }
}
