package io.diptych.generation;

import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Pictures that someone would like to have; nothing is checked yet.
 *
 * @param prompt text with slots for the two below
 * @param content decomposition that fills {@code {content}}
 * @param style decomposition that fills {@code {style}}
 * @param count how many pictures
 * @param seed null: drawn
 * @param sampling what differs from the model's defaults
 * @param backbone null: the model of the decompositions, or the standard one
 * @param strict whether every picture is made in a batch of its own
 * @param reference the owner's own name for it
 * @param labels the owner's own
 * @param traceparent W3C trace context of the request
 */
public record GenerationWish(
    String prompt,
    @Nullable UUID content,
    @Nullable UUID style,
    int count,
    @Nullable Long seed,
    SamplingWish sampling,
    @Nullable String backbone,
    boolean strict,
    @Nullable String reference,
    Map<String, String> labels,
    @Nullable String traceparent) {

  public GenerationWish {
    labels = Map.copyOf(labels);
  }

  /** Sampling options; what is null is as the model has it. Scale indices are 0-based. */
  public record SamplingWish(
      @Nullable Double guidanceScale,
      @Nullable Integer guidanceFromScale,
      @Nullable Integer guidanceToScale,
      @Nullable Integer topK,
      @Nullable Double topP,
      @Nullable Integer smoothFromScale,
      @Nullable Double lastScaleTemperature) {}
}
