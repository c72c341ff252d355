package io.diptych.http.openapi;

import io.swagger.v3.oas.models.media.Schema;
import java.util.Collection;

/** Javadoc as text. */
final class PlainText {

  private PlainText() {}

  /** Rewrites the descriptions of a schema and of its members. */
  static void in(Schema<?> schema) {
    String description = schema.getDescription();
    if (description != null) {
      schema.setDescription(of(description));
    }
    if (schema.getProperties() != null) {
      Collection<?> members = schema.getProperties().values();
      members.stream()
          .filter(Schema.class::isInstance)
          .map(member -> (Schema<?>) member)
          .forEach(PlainText::in);
    }
  }

  static String of(String javadoc) {
    return javadoc
        .replaceAll("\\{@link\\s+\\S+\\s+([^}]*)}", "`$1`")
        .replaceAll("\\{@(?:code|link|value)\\s+([^}]*)}", "`$1`")
        .replaceAll("</?code>", "`")
        .replaceAll("</?p>", " ")
        .replaceAll("\\s+", " ")
        .strip();
  }
}
