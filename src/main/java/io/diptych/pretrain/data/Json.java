package io.diptych.pretrain.data;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The one JSON mapper of the recipe. */
final class Json {

  static final JsonMapper MAPPER = JsonMapper.builder().build();

  private Json() {}

  static JsonNode read(Path file) {
    try (Reader reader = Files.newBufferedReader(file)) {
      return MAPPER.readTree(reader);
    } catch (IOException | JacksonException e) {
      throw new DatasetException(
          "Cannot read "
              + file
              + ": "
              + e.getMessage()
              + ". Delete it and run again to make it anew.",
          e);
    }
  }
}
