package io.diptych.deployment;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Every property that the service understands, ours and Spring Boot's, by their metadata. */
final class ServiceProperties {

  /**
   * One property.
   *
   * @param defaultValue empty when it has none
   * @param description empty when it has none
   */
  record Property(String name, String type, String defaultValue, String description) {

    /** The environment variable that sets it. */
    String environmentVariable() {
      return name.replace("-", "").replace('.', '_').toUpperCase(Locale.ROOT);
    }
  }

  private static final String METADATA = "META-INF/spring-configuration-metadata.json";

  private ServiceProperties() {}

  /** Properties by name. */
  static Map<String, Property> all() {
    Map<String, Property> all = new TreeMap<>();
    try {
      for (URL url :
          Collections.list(ServiceProperties.class.getClassLoader().getResources(METADATA))) {
        try (InputStream in = url.openStream()) {
          JsonNode properties =
              JsonMapper.shared().readTree(new String(in.readAllBytes(), UTF_8)).path("properties");
          for (JsonNode property : properties) {
            String name = property.path("name").asString();
            all.put(
                name,
                new Property(
                    name,
                    property.path("type").asString(""),
                    text(property.path("defaultValue")),
                    property.path("description").asString("")));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }

  /** Properties by the environment variable that sets them. */
  static Map<String, Property> byEnvironmentVariable() {
    Map<String, Property> all = new TreeMap<>();
    all().values().forEach(property -> all.put(property.environmentVariable(), property));
    return all;
  }

  private static String text(JsonNode value) {
    if (value.isArray()) {
      return String.join(",", value.valueStream().map(JsonNode::asString).toList());
    }
    return value.isMissingNode() || value.isNull() ? "" : value.asString();
  }
}
