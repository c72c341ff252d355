package io.diptych.pretrain.data;

import java.util.List;
import java.util.Locale;

/**
 * Something that is drawn, whatever the hand.
 *
 * @param code code points in lower-case hexadecimal joined by {@code -}, without variation
 *     selectors: {@code 1f98a}
 * @param name plain name: {@code fox}
 * @param phrases noun phrases with their article, the usual one first: {@code a fox}, {@code a red
 *     fox}
 * @param keywords words that go with it: {@code animal}
 * @param sets the sets that draw it, in the order of {@link EmojiSet}
 */
public record Thing(
    String code, String name, List<String> phrases, List<String> keywords, List<EmojiSet> sets) {

  public Thing {
    phrases = List.copyOf(phrases);
    keywords = List.copyOf(keywords);
    sets = List.copyOf(sets);
  }

  /** A noun phrase from a bare name: {@code an owl}, {@code grapes}. */
  static String phrase(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    String head = lower.contains(" with ") ? lower.substring(0, lower.indexOf(" with ")) : lower;
    boolean many =
        head.endsWith("s") && !head.endsWith("ss") && !head.endsWith("us") && !head.endsWith("is");
    if (many) {
      return name;
    }
    boolean vowel = "aeiou".indexOf(lower.charAt(0)) >= 0;
    boolean soundsLikeYou =
        lower.startsWith("uni") || lower.startsWith("eu") || lower.startsWith("ukulele");
    return (vowel && !soundsLikeYou ? "an " : "a ") + name;
  }
}
