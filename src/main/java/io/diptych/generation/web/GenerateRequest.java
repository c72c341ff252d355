package io.diptych.generation.web;

import io.diptych.generation.GenerationWish;
import io.diptych.generation.Generations;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.Valid;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The body of {@code POST /generate}. What is left out is as the model has it. */
record GenerateRequest(
    @Schema(
            description =
                "What to draw. `{content}` and `{style}` stand for what the decompositions below"
                    + " learned; a slot needs its decomposition and the other way round.",
            example = "a {content} on the beach in {style} style")
        @NotBlank(message = "is missing")
        @Size(max = 2000, message = "has more than 2000 characters")
        String prompt,
    @Schema(description = "Decomposition that fills `{content}`.") @Nullable UUID content,
    @Schema(
            description =
                "Decomposition that fills `{style}`; may be another one than that of the content.")
        @Nullable UUID style,
    @Schema(
            description = "How many pictures, from 1 to the configured maximum.",
            defaultValue = "1")
        @Min(value = 1, message = "must be at least 1")
        @Nullable Integer count,
    @Schema(description = "Same seed, same pictures. Drawn and returned when left out.")
        @Min(value = 0, message = "must not be negative")
        @Max(
            value = Generations.MAX_SEED,
            message =
                "must be at most 9007199254740991, the largest number that all JSON readers know")
        @Nullable Long seed,
    @Valid @Nullable Guidance guidance,
    @Schema(description = "Candidates kept at every token; 0 keeps all.")
        @Min(value = 0, message = "must not be negative; 0 keeps all")
        @Nullable Integer topK,
    @Schema(description = "Probability mass kept at every token; 0 keeps all.")
        @DecimalMin(value = "0", message = "must be from 0 to 1; 0 keeps all")
        @DecimalMax(value = "1", message = "must be from 0 to 1; 0 keeps all")
        @Nullable Double topP,
    @Valid @Nullable Smoothing smoothing,
    @Schema(description = "Divisor of the logits of unguided last scales.")
        @DecimalMin(value = "0", inclusive = false, message = "must be above 0 and at most 100")
        @DecimalMax(value = "100", message = "must be above 0 and at most 100")
        @Nullable Double lastScaleTemperature,
    @Schema(
            description =
                "Name of the model. Left out: the model the decompositions were learned on, or the"
                    + " standard one.")
        @Nullable String backbone,
    @Schema(
            description =
                "Make every picture in a batch of its own: slower, but bit-exact on the same kind of"
                    + " device.",
            defaultValue = "false")
        @Nullable Boolean strict,
    @Schema(description = "Your own name for it, returned as it is.")
        @Size(max = 200, message = "has more than 200 characters")
        @Nullable String reference,
    @Schema(description = "Your own labels, for filtering lists.", maxProperties = 16)
        @Size(max = 16, message = "has more than 16 entries")
        @Nullable
            Map<
                @NotBlank(message = "has an empty name")
                @Size(max = 64, message = "has a name of more than 64 characters") String,
                @NotNull(message = "is missing")
                @Size(max = 256, message = "has more than 256 characters") String>
            labels) {

  /** Classifier-free guidance. Scale indices are 0-based. */
  record Guidance(
      @Schema(description = "How strongly the prompt counts.")
          @DecimalMin(value = "0", message = "must be from 0 to 100")
          @DecimalMax(value = "100", message = "must be from 0 to 100")
          @Nullable Double scale,
      @Schema(description = "First guided scale.") @Min(value = 0, message = "must not be negative")
          @Nullable Integer fromScale,
      @Schema(description = "First scale that is no longer guided; left out: none.")
          @Min(value = 0, message = "must not be negative")
          @Nullable Integer toScale) {

    static final Guidance NONE = new Guidance(null, null, null);
  }

  /** Gumbel smoothing: later scales take a mixture of codebook entries, not one. */
  record Smoothing(
      @Schema(description = "First smoothed scale, 0-based.")
          @Min(value = 0, message = "must not be negative")
          int fromScale) {}

  int countOrOne() {
    return count == null ? 1 : count;
  }

  GenerationWish toWish(String traceparent) {
    Guidance guided = guidance == null ? Guidance.NONE : guidance;
    return new GenerationWish(
        prompt,
        content,
        style,
        countOrOne(),
        seed,
        new GenerationWish.SamplingWish(
            guided.scale(),
            guided.fromScale(),
            guided.toScale(),
            topK,
            topP,
            smoothing == null ? null : smoothing.fromScale(),
            lastScaleTemperature),
        backbone,
        strict != null && strict,
        reference,
        labels == null ? Map.of() : labels,
        traceparent);
  }
}
