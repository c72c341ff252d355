package io.diptych.http.problem;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** JSON pointers (RFC 6901) from the property paths of Bean Validation. */
final class JsonPointers {

  private static final Pattern STEP = Pattern.compile("\\[([^\\]]*)\\]|([^.\\[\\]]+)");

  private JsonPointers() {}

  /** {@code labels[0].name} becomes {@code /labels/0/name}. */
  static String ofPropertyPath(String path) {
    StringBuilder pointer = new StringBuilder();
    Matcher step = STEP.matcher(path);
    while (step.find()) {
      String name = step.group(1) == null ? step.group(2) : step.group(1);
      if (!name.isEmpty()) {
        pointer.append('/').append(escape(name));
      }
    }
    return pointer.toString();
  }

  static String escape(String step) {
    return step.replace("~", "~0").replace("/", "~1");
  }
}
