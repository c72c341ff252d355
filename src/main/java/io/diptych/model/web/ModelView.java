package io.diptych.model.web;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.Sampling;
import io.diptych.engine.weights.ModelManifest;
import io.diptych.engine.weights.ModelManifest.TextEncoderSpec;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A model on the wire. */
@Schema(name = "Model")
record ModelView(
    @Schema(description = "What requests say in `backbone`.") String name,
    @Schema(description = "Whether requests that name no backbone get this one.") boolean standard,
    @Schema(
            description =
                "SHA-256 of the manifest, which covers the digests of all files. A concept works only"
                    + " on the model it was learned on.")
        String digest,
    @Schema(description = "Of the weights: an SPDX expression or a short text.") String licence,
    @Schema(description = "Pixels per side of the pictures.") int resolution,
    @Schema(description = "Sides of the token maps, coarse to fine.") List<Integer> scales,
    @Schema(description = "Kinds of the text encoders.") List<String> textEncoders,
    @Schema(description = "How it generates when a request says nothing.")
        SamplingDefaults sampling,
    @Schema(description = "How it decomposes when a request says nothing.")
        DecompositionDefaults decomposition,
    ModelLinks links) {

  /** Sampling by default. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record SamplingDefaults(
      double guidanceScale,
      int guidanceFromScale,
      @Nullable Integer guidanceToScale,
      int topK,
      double topP,
      @Nullable Integer smoothFromScale,
      double lastScaleTemperature) {}

  /** Decomposition by default. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record DecompositionDefaults(
      DecompositionOptions.Profile profile,
      int steps,
      int evaluatedStep,
      int tokens,
      @Nullable List<Integer> memoryBlocks,
      @Nullable Integer memoryPairs,
      @Nullable Integer rank) {}

  /** Where it is. */
  record ModelLinks(String self) {}

  static ModelView of(String name, boolean standard, ModelManifest manifest) {
    return new ModelView(
        name,
        standard,
        manifest.digest(),
        manifest.licence(),
        manifest.resolution(),
        manifest.scales(),
        manifest.textEncoders().stream()
            .map(TextEncoderSpec::kind)
            .map(kind -> kind.toString().toLowerCase(Locale.ROOT))
            .toList(),
        of(manifest.defaults().sampling().toSampling()),
        of(manifest.defaults().decomposition().toOptions("content", "style", 0)),
        new ModelLinks("/models/" + name));
  }

  private static SamplingDefaults of(Sampling sampling) {
    return new SamplingDefaults(
        sampling.guidanceScale(),
        sampling.guidanceFromScale(),
        orAbsent(sampling.guidanceToScale()),
        sampling.topK(),
        sampling.topP(),
        orAbsent(sampling.smoothFromScale()),
        sampling.lastScaleTemperature());
  }

  private static @Nullable Integer orAbsent(int scale) {
    return scale == Sampling.OFF ? null : scale;
  }

  private static DecompositionDefaults of(DecompositionOptions options) {
    DecompositionOptions.Memory memory = options.memory();
    DecompositionOptions.Rectification rectification = options.rectification();
    return new DecompositionDefaults(
        options.profile(),
        options.steps(),
        options.evaluatedStep(),
        options.tokens(),
        memory == null ? null : memory.blocks(),
        memory == null ? null : memory.pairs(),
        rectification == null ? null : rectification.rank());
  }
}
