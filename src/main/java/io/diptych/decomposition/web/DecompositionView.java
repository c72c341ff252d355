package io.diptych.decomposition.web;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.diptych.decomposition.Decomposition;
import io.diptych.decomposition.DecompositionRequest;
import io.diptych.decomposition.DecompositionRequest.MemoryChoice;
import io.diptych.decomposition.DecompositionRequest.RectificationChoice;
import io.diptych.decomposition.Decompositions;
import io.diptych.decomposition.LearnedConcept;
import io.diptych.decomposition.Plan;
import io.diptych.engine.DecompositionOptions;
import io.diptych.http.problem.Problem;
import io.diptych.job.Job;
import io.diptych.job.JobError;
import io.diptych.job.JobState;
import io.diptych.job.Progress;
import io.diptych.resource.QueuePlaceView;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A decomposition on the wire. Which members are there depends on the state.
 *
 * @param startBy it expires when no lane has taken it by then
 * @param finishBy it expires when it has not ended by then
 * @param attempt runs that counted, the present one included
 * @param reference the caller's own name
 * @param picture the normalised picture; absent when the artifact was imported
 * @param queue while it waits
 * @param progress from the first step on
 * @param error when it failed or expired
 * @param result when it succeeded
 */
@Schema(name = "Decomposition")
@JsonInclude(JsonInclude.Include.NON_NULL)
record DecompositionView(
    UUID id,
    JobState state,
    Instant createdAt,
    @Nullable Instant startedAt,
    @Nullable Instant finishedAt,
    @Nullable Instant startBy,
    @Nullable Instant finishBy,
    int attempt,
    @Nullable String reference,
    Map<String, String> labels,
    Settings settings,
    @Nullable Picture picture,
    @Nullable QueuePlaceView queue,
    @Nullable ProgressView progress,
    @Nullable Problem error,
    @Nullable Result result,
    Links links) {

  /**
   * What runs, with nothing left open.
   *
   * @param backboneDigest of the model; artifacts fit no other one
   * @param contentWord absent while it has yet to be found
   * @param styleWord absent while it has yet to be found
   * @param chosenWords words that the request left out and the model finds
   * @param seed give it again to run the same again
   */
  @Schema(name = "DecompositionSettings")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Settings(
      String backbone,
      String backboneDigest,
      @Nullable String contentWord,
      @Nullable String styleWord,
      List<String> chosenWords,
      DecompositionOptions.Profile profile,
      int steps,
      int evaluatedStep,
      int tokens,
      @Schema(
              description = "K-V memories, or `false` without.",
              oneOf = {DecompositionRequest.MemoryOptions.class, Boolean.class})
          MemoryChoice memory,
      @Schema(
              description = "SVD rectification, or `false` without.",
              oneOf = {DecompositionRequest.RectificationOptions.class, Boolean.class})
          RectificationChoice rectification,
      long seed) {

    static Settings of(Plan plan, @Nullable LearnedConcept learned) {
      return of(plan, learned, RectificationChoice.of(plan.options().rectification()));
    }

    private static Settings of(
        Plan plan, @Nullable LearnedConcept learned, RectificationChoice rectification) {
      DecompositionOptions options = plan.options();
      boolean found = learned != null && learned.contentWord() != null;
      return new Settings(
          plan.backbone(),
          plan.backboneDigest(),
          found ? learned.contentWord() : options.contentWord(),
          found ? learned.styleWord() : options.styleWord(),
          plan.chosenWords(),
          options.profile(),
          options.steps(),
          options.evaluatedStep(),
          options.tokens(),
          MemoryChoice.of(options.memory()),
          rectification,
          options.seed());
    }
  }

  /**
   * The picture as it was taken in: upright, sRGB, without metadata.
   *
   * @param sha256 of the stored PNG
   * @param sourceSha256 of the file that was uploaded, of which nothing else is kept; absent for
   *     pictures of before it was noted
   */
  @Schema(name = "DecompositionPicture")
  record Picture(String sha256, int width, int height, @Nullable String sourceSha256) {

    static Picture of(Decomposition.Picture picture) {
      return new Picture(
          picture.sha256(), picture.width(), picture.height(), picture.sourceSha256());
    }
  }

  /**
   * @param phase which concept the last step was about
   * @param losses the newest loss of each phase
   * @param stepMillis median of the last steps
   * @param remainingSeconds until the last step
   */
  @Schema(name = "DecompositionProgress")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record ProgressView(
      int step,
      int totalSteps,
      @Nullable String phase,
      Map<String, Double> losses,
      double stepMillis,
      long remainingSeconds) {

    static ProgressView of(Progress progress) {
      return new ProgressView(
          progress.step(),
          progress.totalSteps(),
          progress.phase(),
          progress.losses(),
          progress.stepMillis(),
          (progress.remainingMillis() + 999) / 1000);
    }
  }

  /**
   * @param step whose state the artifact is
   * @param subConceptSource where the sub-concepts of the rectification came from
   * @param artifactExpiredAt when the artifact was deleted because it was past its retention
   */
  @Schema(name = "DecompositionResult")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Result(
      int step,
      double firstLoss,
      double lastLoss,
      @Nullable String subConceptSource,
      String artifactSha256,
      @Nullable Long artifactBytes,
      @Nullable Instant artifactExpiredAt) {}

  /**
   * Where to go on from here. What is absent is not possible now.
   *
   * @param previews one for each step that has a preview; in lists absent
   */
  @Schema(name = "DecompositionLinks")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Links(
      String self,
      String events,
      String attempts,
      @Nullable String cancel,
      @Nullable String retry,
      @Nullable String artifact,
      @Nullable List<String> previews) {}

  static DecompositionView of(Decomposition decomposition) {
    return of(decomposition, rectification(decomposition));
  }

  /** As an item of a list: without the caller's sub-concepts, of which each may have many. */
  static DecompositionView listed(Decomposition decomposition) {
    return of(decomposition, rectification(decomposition).withoutLines());
  }

  private static RectificationChoice rectification(Decomposition decomposition) {
    return RectificationChoice.of(decomposition.plan().options().rectification());
  }

  private static DecompositionView of(
      Decomposition decomposition, RectificationChoice rectification) {
    Job job = decomposition.job();
    Decomposition.Picture picture = decomposition.picture();
    Progress progress = job.progress();
    JobError error = job.error();
    return new DecompositionView(
        job.id(),
        job.state(),
        job.createdAt(),
        job.startedAt(),
        job.finishedAt(),
        job.startBy(),
        job.finishBy(),
        job.attempt(),
        decomposition.plan().reference(),
        job.labels(),
        Settings.of(decomposition.plan(), learned(decomposition), rectification),
        picture == null ? null : Picture.of(picture),
        QueuePlaceView.of(decomposition.place()),
        progress == null ? null : ProgressView.of(progress),
        error == null ? null : Problem.stored(error.code(), error.message()).withJob(job.id()),
        result(decomposition),
        links(decomposition));
  }

  private static @Nullable LearnedConcept learned(Decomposition decomposition) {
    JsonNode stored = decomposition.job().result();
    return stored == null ? null : Decompositions.learned(stored);
  }

  private static @Nullable Result result(Decomposition decomposition) {
    LearnedConcept learned = learned(decomposition);
    if (learned == null) {
      return null;
    }
    Decomposition.Artifact artifact = decomposition.artifact();
    return new Result(
        learned.step(),
        learned.firstLoss(),
        learned.lastLoss(),
        learned.subConceptSource().isEmpty() ? null : learned.subConceptSource(),
        learned.sha256(),
        artifact == null ? null : artifact.bytes(),
        decomposition.artifactExpiredAt());
  }

  private static Links links(Decomposition decomposition) {
    String self = address(decomposition.id());
    boolean cancelable =
        switch (decomposition.state()) {
          case QUEUED, RUNNING -> true;
          default -> false;
        };
    return new Links(
        self,
        self + "/events",
        self + "/attempts",
        cancelable ? self + "/cancel" : null,
        decomposition.retryable() ? self + "/retry" : null,
        decomposition.artifact() == null ? null : self + "/artifact",
        decomposition.previews().isEmpty() || decomposition.artifactExpiredAt() != null
            ? null
            : decomposition.previews().stream().map(step -> self + "/previews/" + step).toList());
  }

  static String address(UUID id) {
    return "/decompositions/" + id;
  }
}
