package io.diptych.engine.csd;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/** Reads descriptions out of what a language model wrote: a JSON array, or else plain lines. */
final class LanguageModelAnswer {

  private static final Pattern BULLET = Pattern.compile("^(?:[-*\u2022]|\\d{1,3}[.):])\\s+");
  private static final Pattern ARTICLE = Pattern.compile("(?i)^(?:an?|the)\\s.*");

  private LanguageModelAnswer() {}

  static List<String> lines(String answer, JsonMapper json, LinesWanted wanted) {
    DescriptionLines lines = new DescriptionLines(wanted);
    List<String> array = array(answer, json);
    if (array.isEmpty()) {
      // Introductions, apologies and code fences have no article in front.
      answer
          .lines()
          .map(LanguageModelAnswer::plain)
          .filter(LanguageModelAnswer::articled)
          .forEach(lines::add);
    } else {
      array.stream()
          .map(line -> line.strip().replaceAll("\\s+", " "))
          .filter(LanguageModelAnswer::readable)
          .map(line -> articled(line) ? line : DescriptionLines.withArticle(line))
          .forEach(lines::add);
    }
    return lines.toList();
  }

  // Token by token: what was complete before an answer was cut off or went wrong is still good.
  private static List<String> array(String answer, JsonMapper json) {
    List<String> texts = new ArrayList<>();
    int start = answer.indexOf('[');
    if (start < 0) {
      return texts;
    }
    try (JsonParser parser = json.createParser(answer.substring(start))) {
      JsonToken token = parser.nextToken();
      for (; token != null && token != JsonToken.END_ARRAY; token = parser.nextToken()) {
        if (token == JsonToken.VALUE_STRING) {
          texts.add(parser.getString());
        }
      }
    } catch (JacksonException e) {
      return texts;
    }
    return texts;
  }

  private static String plain(String line) {
    String text = BULLET.matcher(line.strip()).replaceFirst("").strip();
    if (text.endsWith(",")) {
      text = text.substring(0, text.length() - 1);
    }
    if (text.length() > 1 && text.startsWith("\"") && text.endsWith("\"")) {
      text = text.substring(1, text.length() - 1);
    }
    return text.replaceAll("[.;]$", "").strip();
  }

  private static boolean articled(String line) {
    return readable(line) && ARTICLE.matcher(line.toLowerCase(Locale.ROOT)).matches();
  }

  private static boolean readable(String line) {
    return line.codePoints().anyMatch(Character::isLetter)
        && line.chars().noneMatch(Character::isISOControl);
  }
}
