package io.diptych.engine.csd;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The last resort, for words no other source knows: {@code A <adjective> <subject>} from {@code
 * subconcepts/general-adjectives.txt}.
 */
final class GeneralSubConcepts {

  private static final List<String> ADJECTIVES = read("/subconcepts/general-adjectives.txt");

  private GeneralSubConcepts() {}

  /** Adds lines until there are {@code enough} or no adjective is left. */
  static void addTo(DescriptionLines lines, String subject, int enough) {
    for (String adjective : ADJECTIVES) {
      if (lines.size() >= enough) {
        return;
      }
      lines.add(DescriptionLines.withArticle(adjective + " " + subject));
    }
  }

  private static List<String> read(String resource) {
    try (InputStream in = GeneralSubConcepts.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("The application lacks its resource " + resource);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(String::trim)
          .filter(line -> !line.isEmpty() && !line.startsWith("#"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
