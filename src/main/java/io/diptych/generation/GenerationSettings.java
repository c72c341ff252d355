package io.diptych.generation;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Generations ({@code diptych.generation.*}).
 *
 * @param maxCount most pictures of one request
 * @param batchImages most pictures in one forward of the model; a larger batch is split
 */
@ConfigurationProperties("diptych.generation")
public record GenerationSettings(
    @DefaultValue("8") int maxCount, @DefaultValue("8") int batchImages) {

  public GenerationSettings {
    if (maxCount < 1 || batchImages < 1) {
      throw new IllegalArgumentException(
          "diptych.generation: max-count and batch-images must be at least 1.");
    }
  }
}
