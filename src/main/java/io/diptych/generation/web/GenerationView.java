package io.diptych.generation.web;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.diptych.engine.Sampling;
import io.diptych.generation.Determinism;
import io.diptych.generation.GeneratedImage;
import io.diptych.generation.Generation;
import io.diptych.generation.GenerationOrder;
import io.diptych.generation.Generations;
import io.diptych.http.problem.Problem;
import io.diptych.job.Job;
import io.diptych.job.JobState;
import io.diptych.job.QueuePlace;
import io.diptych.resource.QueuePlaceView;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A generation on the wire. Which members are there depends on the state. */
@Schema(name = "Generation")
@JsonInclude(JsonInclude.Include.NON_NULL)
record GenerationView(
    UUID id,
    JobState state,
    String prompt,
    @Schema(description = "Decomposition that filled `{content}`.") @Nullable UUID content,
    @Schema(description = "Decomposition that filled `{style}`.") @Nullable UUID style,
    @Schema(description = "Pictures asked for; `images` holds those delivered.") int count,
    long seed,
    Guidance guidance,
    int topK,
    double topP,
    @Nullable Smoothing smoothing,
    double lastScaleTemperature,
    String backbone,
    @Schema(description = "SHA-256 of the model's manifest.") String backboneDigest,
    boolean strict,
    @Nullable String reference,
    Map<String, String> labels,
    @Schema(description = "Runs that counted, this one included.") int attempt,
    @Schema(description = "Where it stands, while it waits.") @Nullable QueuePlaceView queue,
    Instant createdAt,
    @Nullable Instant startedAt,
    @Nullable Instant finishedAt,
    @Schema(description = "It expires when no lane has taken it by then.")
        @Nullable Instant startBy,
    @Schema(description = "It expires when it has not ended by then.") @Nullable Instant finishBy,
    @Schema(description = "The pictures, once it has succeeded.") @Nullable List<Image> images,
    @Schema(description = "What repeating it gives, once it has succeeded.")
        @Nullable Repeatability determinism,
    @Schema(description = "Why it has no pictures, if it failed or came too late.")
        @Nullable Problem error,
    Links links) {

  /** Guidance as it was applied. */
  @Schema(name = "AppliedGuidance")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Guidance(
      double scale,
      int fromScale,
      @Schema(description = "Absent: guided to the last scale.") @Nullable Integer toScale) {}

  /** Smoothing as it was applied. */
  @Schema(name = "AppliedSmoothing")
  record Smoothing(int fromScale) {}

  /** A picture that was made. */
  @Schema(name = "GeneratedImage")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Image(
      int index,
      @Schema(description = "Where the PNG file is.") String href,
      String mediaType,
      int width,
      int height,
      long bytes,
      @Schema(description = "Of the file, whose marks name this generation.") String sha256,
      @Schema(description = "Of the RGB pixels alone; equal for equal pictures.")
          String pixelSha256,
      @Schema(description = "64-bit difference hash, hex.") String perceptualHash,
      @Schema(description = "The PNG file in base64, when `inline=true` was asked for.")
          @Nullable String data) {}

  /** What repeating a generation gives. */
  @Schema(name = "Determinism")
  record Repeatability(
      @JsonProperty("class")
          @Schema(
              description =
                  "`BIT_EXACT`: the same order gives the same pixels on the same type of device with"
                      + " the same engine and dtype. `BIT_EXACT_PER_BATCH_SHAPE`: the same, in a batch"
                      + " of the same shape; in others equal to the eye.")
          Determinism.Kind kind,
      String device,
      String engine,
      String dtype,
      @Schema(description = "Pictures in the largest forward, other requests' included.")
          int batchSize) {}

  /** Where to go from here. */
  @Schema(name = "GenerationLinks")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Links(
      String self,
      String events,
      @Schema(description = "POST; absent when it has ended.") @Nullable String cancel) {}

  static String path(UUID id) {
    return "/generations/" + id;
  }

  static String path(UUID id, GeneratedImage image) {
    return path(id) + "/images/" + image.index();
  }

  /**
   * @param place null: not shown
   * @param png reads the file of a picture; null: not shown
   */
  static GenerationView of(
      Generation generation,
      @Nullable QueuePlace place,
      @Nullable Function<GeneratedImage, byte[]> png) {
    Job job = generation.job();
    GenerationOrder order = generation.order();
    Sampling sampling = order.sampling();
    String self = path(job.id());
    return new GenerationView(
        job.id(),
        job.state(),
        order.prompt(),
        order.content(),
        order.style(),
        order.count(),
        order.seed(),
        new Guidance(
            sampling.guidanceScale(),
            sampling.guidanceFromScale(),
            orAbsent(sampling.guidanceToScale())),
        sampling.topK(),
        sampling.topP(),
        sampling.smoothFromScale() == Sampling.OFF
            ? null
            : new Smoothing(sampling.smoothFromScale()),
        sampling.lastScaleTemperature(),
        order.model(),
        order.modelDigest(),
        order.strict(),
        order.reference(),
        job.labels(),
        job.attempt(),
        QueuePlaceView.of(place),
        job.createdAt(),
        job.startedAt(),
        job.finishedAt(),
        job.startBy(),
        job.finishBy(),
        generation.outcome() == null
            ? null
            : generation.outcome().images().stream()
                .map(image -> view(job.id(), image, png))
                .toList(),
        generation.outcome() == null ? null : view(generation.outcome().determinism()),
        job.error() == null ? null : Generations.problem(job),
        new Links(
            self,
            self + "/events",
            job.state() == JobState.QUEUED || job.state() == JobState.RUNNING
                ? self + "/cancel"
                : null));
  }

  private static @Nullable Integer orAbsent(int scale) {
    return scale == Sampling.OFF ? null : scale;
  }

  private static Image view(
      UUID id, GeneratedImage image, @Nullable Function<GeneratedImage, byte[]> png) {
    return new Image(
        image.index(),
        path(id, image),
        "image/png",
        image.width(),
        image.height(),
        image.bytes(),
        image.sha256(),
        image.pixelSha256(),
        image.perceptualHash(),
        png == null ? null : Base64.getEncoder().encodeToString(png.apply(image)));
  }

  private static Repeatability view(Determinism determinism) {
    return new Repeatability(
        determinism.kind(),
        determinism.device(),
        determinism.engine(),
        determinism.dtype(),
        determinism.batchSize());
  }
}
