package io.diptych.image;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a generated picture came to be; enough to make it again.
 *
 * @param software name and version of this service
 * @param job the generation that made it; null on the command line
 * @param seed of the noise stream
 * @param imageIndex which picture of that seed
 * @param prompt as sent, slots and all
 * @param content decomposition that gave the content
 * @param style decomposition that gave the style
 * @param model name of the model
 * @param modelDigest SHA-256 of the model's manifest, lower-case hex
 */
public record Provenance(
    String software,
    @Nullable UUID job,
    long seed,
    int imageIndex,
    String prompt,
    @Nullable UUID content,
    @Nullable UUID style,
    String model,
    String modelDigest) {

  /** As PNG keywords and values, in the order they are written. */
  Map<String, String> toText() {
    Map<String, String> text = new LinkedHashMap<>();
    text.put("Software", software);
    if (job != null) {
      text.put("Diptych-Job", job.toString());
    }
    text.put("Diptych-Seed", Long.toString(seed));
    text.put("Diptych-Image-Index", Integer.toString(imageIndex));
    text.put("Diptych-Prompt", prompt);
    if (content != null) {
      text.put("Diptych-Content", content.toString());
    }
    if (style != null) {
      text.put("Diptych-Style", style.toString());
    }
    text.put("Diptych-Model", model);
    text.put("Diptych-Model-SHA256", modelDigest);
    return text;
  }
}
