package io.diptych.decomposition;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import io.diptych.engine.DecompositionOptions;
import io.swagger.v3.oas.annotations.media.ArraySchema;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a caller may say about a decomposition. Everything may be left out; the model's defaults
 * fill the gaps.
 *
 * @param contentWord word(s) for the subject; left out: the model finds one for the picture
 * @param styleWord word(s) for the style; left out: the model finds one for the picture
 * @param backbone name of the model
 * @param profile which scales count as style and which as content
 * @param steps optimisation steps; the state after the last one becomes the concept
 * @param tokens learned rows per concept and text encoder
 * @param memory K-V memories, or {@code false}
 * @param rectification SVD rectification, or {@code false}
 * @param seed of everything random; left out: drawn, and returned
 * @param reference the caller's own name for it, returned unchanged
 * @param labels the caller's own, to filter lists by
 */
@Schema(name = "DecompositionRequest")
public record DecompositionRequest(
    @Size(max = MOST_WORD, message = "has more than 64 characters") @Nullable String contentWord,
    @Size(max = MOST_WORD, message = "has more than 64 characters") @Nullable String styleWord,
    @Nullable String backbone,
    DecompositionOptions.@Nullable Profile profile,
    @Schema(minimum = "1", maximum = "10000") @Nullable Integer steps,
    @Schema(minimum = "1", maximum = "16") @Nullable Integer tokens,
    @Schema(
            description = "K-V memories, or `false` to do without.",
            oneOf = {MemoryOptions.class, Boolean.class})
        @Nullable MemoryChoice memory,
    @Schema(
            description = "SVD rectification, or `false` to do without.",
            oneOf = {RectificationOptions.class, Boolean.class})
        @Nullable RectificationChoice rectification,
    @Min(value = 0, message = "must not be negative")
        @Max(
            value = MAX_SEED,
            message =
                "must be at most 9007199254740991, the largest number that all JSON readers know")
        @Nullable Long seed,
    @Size(max = 200, message = "has more than 200 characters") @Nullable String reference,
    @Schema(maxProperties = 16) @Size(max = 16, message = "has more than 16 entries")
        @Nullable
            Map<
                @Size(min = 1, max = 64, message = "has a name of no or more than 64 characters")
                String,
                @NotNull(message = "must not be null")
                @Size(max = 256, message = "has more than 256 characters") String>
            labels) {

  private static final long MAX_SEED = (1L << 53) - 1;
  private static final int MOST_WORD = 64;
  private static final int MOST_BLOCKS = 64;

  /** Says nothing. */
  public static final DecompositionRequest EMPTY =
      new DecompositionRequest(null, null, null, null, null, null, null, null, null, null, null);

  /**
   * K-V memories: {@code false}, {@code true} for the model's own, or an object.
   *
   * @param blocks transformer blocks that get them, 0-based
   * @param pairs key-value pairs per concept and block
   */
  public record MemoryChoice(boolean on, @Nullable List<Integer> blocks, @Nullable Integer pairs) {

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static MemoryChoice of(boolean on) {
      return new MemoryChoice(on, null, null);
    }

    @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
    static MemoryChoice of(
        @JsonProperty("blocks") @Nullable List<Integer> blocks,
        @JsonProperty("pairs") @Nullable Integer pairs) {
      if (blocks != null
          && (blocks.size() > MOST_BLOCKS || blocks.stream().anyMatch(Objects::isNull))) {
        throw new IllegalArgumentException(
            "must name at most " + MOST_BLOCKS + " blocks, and none of them null");
      }
      return new MemoryChoice(true, blocks, pairs);
    }

    public static MemoryChoice of(DecompositionOptions.@Nullable Memory memory) {
      return memory == null ? of(false) : of(memory.blocks(), memory.pairs());
    }

    @JsonValue
    Object json() {
      if (!on) {
        return false;
      }
      Map<String, Object> values = new LinkedHashMap<>();
      if (blocks != null) {
        values.put("blocks", blocks);
      }
      if (pairs != null) {
        values.put("pairs", pairs);
      }
      return values;
    }
  }

  /**
   * SVD rectification: {@code false}, {@code true} for the model's own, or an object.
   *
   * @param rank singular directions removed from the style
   * @param subConcepts descriptions of kinds of the subject; left out: found by the service
   */
  public record RectificationChoice(
      boolean on, @Nullable Integer rank, @Nullable List<String> subConcepts) {

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static RectificationChoice of(boolean on) {
      return new RectificationChoice(on, null, null);
    }

    @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
    static RectificationChoice of(
        @JsonProperty("rank") @Nullable Integer rank,
        @JsonProperty("subConcepts") @Nullable List<String> subConcepts) {
      return new RectificationChoice(true, rank, subConcepts);
    }

    public static RectificationChoice of(
        DecompositionOptions.@Nullable Rectification rectification) {
      return rectification == null
          ? of(false)
          : of(
              rectification.rank(),
              rectification.subConcepts().isEmpty() ? null : rectification.subConcepts());
    }

    /** The same without the caller's own lines, which may be 100,000 characters. */
    public RectificationChoice withoutLines() {
      return new RectificationChoice(on, rank, null);
    }

    @JsonValue
    Object json() {
      if (!on) {
        return false;
      }
      Map<String, Object> values = new LinkedHashMap<>();
      if (rank != null) {
        values.put("rank", rank);
      }
      if (subConcepts != null) {
        values.put("subConcepts", subConcepts);
      }
      return values;
    }
  }

  /** The object form of {@link MemoryChoice}, for the documentation. */
  @Schema(name = "MemoryOptions")
  public record MemoryOptions(
      @Schema(description = "Transformer blocks that get them, from 0.", example = "[0]")
          @Nullable List<Integer> blocks,
      @Schema(description = "Pairs per concept and block.", minimum = "1", maximum = "16")
          @Nullable Integer pairs) {}

  /** The object form of {@link RectificationChoice}, for the documentation. */
  @Schema(name = "RectificationOptions")
  public record RectificationOptions(
      @Schema(description = "Directions removed from the style.", minimum = "1", maximum = "500")
          @Nullable Integer rank,
      @ArraySchema(
              arraySchema =
                  @Schema(
                      description =
                          "Descriptions of kinds of the subject, at least `rank` different ones."
                              + " Left out: found by the service, for a `rank` up to 50."),
              schema = @Schema(minLength = 1, maxLength = 200),
              maxItems = 500)
          @Nullable List<String> subConcepts) {}
}
