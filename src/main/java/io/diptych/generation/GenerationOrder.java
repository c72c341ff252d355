package io.diptych.generation;

import io.diptych.engine.GenerationRequest;
import io.diptych.engine.Sampling;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a generation makes, with nothing left open: the same order always gives the same pictures.
 * Stored as the request of its job.
 *
 * @param prompt with slots
 * @param content decomposition that fills {@code {content}}
 * @param style decomposition that fills {@code {style}}
 * @param count pictures
 * @param seed of the noise; picture i has the stream of seed and i
 * @param sampling how tokens are chosen
 * @param model name of the model
 * @param modelDigest digest of the model
 * @param strict whether every picture is made in a batch of its own
 * @param reference the owner's own name for it
 */
public record GenerationOrder(
    String prompt,
    @Nullable UUID content,
    @Nullable UUID style,
    int count,
    long seed,
    Sampling sampling,
    String model,
    String modelDigest,
    boolean strict,
    @Nullable String reference) {

  /** What is stored must not change with how HTTP is configured. */
  private static final JsonMapper JSON = JsonMapper.builder().build();

  static GenerationOrder read(JsonNode stored) {
    return JSON.treeToValue(stored, GenerationOrder.class);
  }

  JsonNode toJson() {
    return JSON.valueToTree(this);
  }

  /** Orders with equal keys can share a forward of the model; null: with none. */
  @Nullable String batchKey() {
    if (strict) {
      return null;
    }
    GenerationRequest any = new GenerationRequest(prompt, null, null, seed, 0, sampling);
    return modelDigest + " " + any.batchKey();
  }
}
