package io.diptych.generation.web;

import java.util.Collections;
import java.util.Comparator;
import java.util.Enumeration;
import java.util.List;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;

/** What an {@code Accept} header asks for. */
final class Accepted {

  private Accepted() {}

  /** Whether a picture is preferred over JSON; in doubt it is JSON. */
  static boolean pngRatherThanJson(Enumeration<String> headers) {
    try {
      List<MediaType> accepted = MediaType.parseMediaTypes(Collections.list(headers));
      return quality(accepted, MediaType.IMAGE_PNG) > quality(accepted, MediaType.APPLICATION_JSON);
    } catch (InvalidMediaTypeException e) {
      return false;
    }
  }

  /** Of the most specific range that includes the type; 0 when none does. */
  private static double quality(List<MediaType> accepted, MediaType type) {
    return accepted.stream()
        .filter(range -> range.includes(type))
        .max(
            Comparator.comparing((MediaType range) -> !range.isWildcardType())
                .thenComparing(range -> !range.isWildcardSubtype()))
        .map(MediaType::getQualityValue)
        .orElse(0.0);
  }
}
