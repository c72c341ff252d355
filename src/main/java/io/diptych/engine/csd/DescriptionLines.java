package io.diptych.engine.csd;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Collects lines such as {@code An Arctic fox}, each once, those that are wanted. */
final class DescriptionLines {

  // Written with a vowel, spoken with a consonant: a European, a unicorn; but an unimportant.
  private static final Pattern CONSONANT_SOUND =
      Pattern.compile(
          "(?:eu|ewe|u-|one\\b|once|ubi|uku|ura|uri|usa|use|usu|uti|uto|ufo|uni(?!m|n|d)).*");
  private static final Pattern VOWEL_SOUND =
      Pattern.compile(
          "(?:[aeiou\u00e0-\u00e6\u00e8-\u00ef]|heir|hour|honou?r|honest|[fhlmnrsx]-).*");
  private static final int SHORTEST_PREFIX = 3;

  private final LinesWanted wanted;
  private final List<String> lines = new ArrayList<>();
  private final Set<String> known = new HashSet<>();

  DescriptionLines(LinesWanted wanted) {
    this.wanted = wanted;
  }

  /** Adds one line unless it is known or too long, or there are enough. */
  void add(String line) {
    if (!full()
        && line.length() <= SubConcepts.LONGEST_LINE
        && wanted.fits().test(line)
        && known.add(key(line))) {
      lines.add(line);
    }
  }

  /** Keeps a line from being added later. */
  void exclude(String line) {
    known.add(key(line));
  }

  boolean full() {
    return lines.size() >= wanted.atMost();
  }

  int size() {
    return lines.size();
  }

  List<String> toList() {
    return List.copyOf(lines);
  }

  /** {@code Persian, cat -> A Persian cat}; a variety that names the subject is left as it is. */
  static String kind(String variety, String subject) {
    String noun = lower(subject.substring(subject.lastIndexOf(' ') + 1));
    return withArticle(names(variety, noun) ? variety : variety + " " + subject);
  }

  static String withArticle(String description) {
    String start = lower(description);
    boolean vowel =
        VOWEL_SOUND.matcher(start).matches() && !CONSONANT_SOUND.matcher(start).matches();
    return (vowel ? "An " : "A ") + description;
  }

  private static boolean names(String variety, String noun) {
    for (String word : lower(variety).split("[ -]")) {
      // A wildcat or a tomcat needs no second "cat".
      if (word.equals(noun)
          || word.endsWith(noun) && word.length() >= noun.length() + SHORTEST_PREFIX) {
        return true;
      }
    }
    return false;
  }

  private static String key(String line) {
    return lower(line);
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
