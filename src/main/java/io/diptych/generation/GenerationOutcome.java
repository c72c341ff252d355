package io.diptych.generation;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a generation made. Stored as the result of its job.
 *
 * @param images in the order of their index
 * @param determinism what repeating it gives
 */
public record GenerationOutcome(List<GeneratedImage> images, Determinism determinism) {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  public GenerationOutcome {
    images = List.copyOf(images);
  }

  static GenerationOutcome read(JsonNode stored) {
    return JSON.treeToValue(stored, GenerationOutcome.class);
  }

  JsonNode toJson() {
    return JSON.valueToTree(this);
  }
}
