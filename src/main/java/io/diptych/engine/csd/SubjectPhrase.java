package io.diptych.engine.csd;

import io.diptych.engine.EngineException;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The words for the subject, freed from punctuation and articles.
 *
 * @param words at least one
 * @param headEnd index after the head noun: 1 for {@code cup of tea}, where the preposition ends it
 */
record SubjectPhrase(List<String> words, int headEnd) {

  private static final Pattern NOT_A_WORD = Pattern.compile("[^\\p{L}\\p{M}\\p{N}']+");
  private static final Pattern POSSESSIVE = Pattern.compile("^'+|'s?$|'+$");
  private static final Set<String> ARTICLES = Set.of("a", "an", "the");
  // Matched as whole words: penguin, muffin and violin end in one too.
  private static final Set<String> PREPOSITIONS =
      Set.of(
          "of", "with", "without", "in", "on", "at", "by", "for", "from", "under", "over", "near",
          "behind", "beside", "between", "and", "or", "made", "wearing", "holding");

  static SubjectPhrase parse(String contentWord) {
    if (contentWord.length() > SubConcepts.LONGEST_SUBJECT) {
      throw invalid(
          "The content word has "
              + contentWord.length()
              + " characters; at most "
              + SubConcepts.LONGEST_SUBJECT
              + " are allowed. Name the subject in a few words, for example \"red fox\".");
    }
    String plain = Normalizer.normalize(contentWord, Normalizer.Form.NFC).replace('\u2019', '\'');
    List<String> words =
        Arrays.stream(NOT_A_WORD.split(plain))
            .map(word -> POSSESSIVE.matcher(word).replaceAll(""))
            .filter(word -> word.codePoints().anyMatch(Character::isLetterOrDigit))
            .toList();
    while (words.size() > 1 && ARTICLES.contains(lower(words.get(0)))) {
      words = words.subList(1, words.size());
    }
    if (words.isEmpty()) {
      throw invalid(
          "The content word holds no letter or digit. Name the subject, for example \"fox\".");
    }
    int headEnd = words.size();
    for (int i = words.size() - 1; i > 0; i--) {
      if (PREPOSITIONS.contains(lower(words.get(i)))) {
        headEnd = i;
      }
    }
    return new SubjectPhrase(List.copyOf(words), headEnd);
  }

  String text() {
    return String.join(" ", words);
  }

  static EngineException invalid(String message) {
    return new EngineException(EngineException.Kind.INVALID_OPTIONS, message);
  }

  private static String lower(String word) {
    return word.toLowerCase(Locale.ROOT);
  }
}
