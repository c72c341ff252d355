package io.diptych.decomposition.web;

import io.diptych.decomposition.Decomposition;
import io.diptych.decomposition.Decompositions;
import io.diptych.http.ETag;
import io.diptych.http.access.RequiresScope;
import io.diptych.http.access.Scope;
import io.diptych.http.access.Tenant;
import io.diptych.http.openapi.Problems;
import io.diptych.http.paging.Page;
import io.diptych.http.paging.PageQuery;
import io.diptych.http.problem.ProblemType;
import io.diptych.job.Attempt;
import io.diptych.job.FailureReason;
import io.diptych.job.JobEvent;
import io.diptych.job.Removal;
import io.diptych.resource.JobFilter;
import io.diptych.resource.JobStreams;
import io.diptych.resource.QueuePlaceView;
import io.diptych.role.ConditionalOnApi;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.headers.Header;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

@RestController
@ConditionalOnApi
@RequestMapping("/decompositions")
@Tag(name = "Decompositions", description = "Learn the content and the style of a picture.")
class DecompositionsController {

  private final Decompositions decompositions;
  private final JobStreams streams;

  DecompositionsController(Decompositions decompositions, JobStreams streams) {
    this.decompositions = decompositions;
    this.streams = streams;
  }

  @GetMapping(path = "/{id}", produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "readDecomposition",
      summary = "Read a decomposition",
      description = "Poll with `If-None-Match`; nothing new costs next to nothing.")
  ResponseEntity<DecompositionView> read(Tenant tenant, @PathVariable UUID id, WebRequest request) {
    Decomposition found = decompositions.require(tenant.id(), id);
    return tag(found).answer(request, () -> DecompositionView.of(found));
  }

  private static ETag tag(Decomposition found) {
    QueuePlaceView queue = QueuePlaceView.of(found.place());
    return ETag.of(
        found.id(),
        found.job().version(),
        found.state(),
        queue == null ? "" : queue,
        found.artifactExpiredAt() == null ? "" : found.artifactExpiredAt(),
        found.retryable(),
        found.previews());
  }

  @GetMapping(produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "listDecompositions",
      summary = "List decompositions",
      description = "Newest first. Items are without the caller's own sub-concepts.")
  ResponseEntity<Page.Body<DecompositionView>> list(
      Tenant tenant, JobFilter filter, PageQuery page) {
    return decompositions.list(tenant.id(), filter, page).map(DecompositionView::listed).answer();
  }

  @GetMapping(path = "/{id}/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "followDecomposition",
      summary = "Follow a decomposition",
      description =
          "Server-sent events: `queued`, `started`, `progress`, `preview`, `retrying`,"
              + " `handed-back`, `cancel-requested`, and at the end one of `succeeded`, `failed`,"
              + " `canceled`, `expired`, after which the stream is closed. A client that comes back"
              + " with `Last-Event-ID` is sent what it missed.")
  ResponseEntity<SseEmitter> events(
      Tenant tenant,
      @PathVariable UUID id,
      @Parameter(description = "Number of the last event that arrived.")
          @RequestHeader(name = "Last-Event-ID", required = false)
          @Nullable String lastEventId) {
    decompositions.require(tenant.id(), id);
    return streams.open(tenant, id, lastEventId, event -> links(id, event));
  }

  private static Map<String, String> links(UUID id, JobEvent event) {
    return event.type() == JobEvent.Type.PREVIEW
        ? Map.of(
            "preview",
            DecompositionView.address(id) + "/previews/" + event.data().path("step").asInt())
        : Map.of();
  }

  @PostMapping(path = "/{id}/cancel", produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresScope(Scope.DECOMPOSE_WRITE)
  @Operation(
      operationId = "cancelDecomposition",
      summary = "Cancel a decomposition",
      description = "A running one stops within a step. Canceling twice changes nothing.")
  @ApiResponse(responseCode = "200", description = "It is canceled.", useReturnTypeSchema = true)
  @ApiResponse(
      responseCode = "202",
      description = "It runs and stops within a step.",
      useReturnTypeSchema = true)
  @Problems(ProblemType.JOB_FINAL)
  ResponseEntity<DecompositionView> cancel(Tenant tenant, @PathVariable UUID id) {
    Decomposition after = decompositions.cancel(tenant.id(), id);
    return ResponseEntity.status(after.state().isFinal() ? HttpStatus.OK : HttpStatus.ACCEPTED)
        .body(DecompositionView.of(after));
  }

  @PostMapping(path = "/{id}/retry", produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresScope(Scope.DECOMPOSE_WRITE)
  @Operation(
      operationId = "retryDecomposition",
      summary = "Run a decomposition again that ended without a result",
      description =
          "It keeps its id and goes on from its newest checkpoint. One that waits or runs is left"
              + " alone, one whose model is here no longer is refused.")
  @ApiResponse(
      responseCode = "202",
      description = "It waits or runs.",
      headers = {
        @Header(
            name = "Location",
            description = "Address of the decomposition.",
            schema = @Schema(type = "string")),
        @Header(
            name = "Retry-After",
            description = "Seconds after which to look.",
            schema = @Schema(type = "integer"))
      },
      useReturnTypeSchema = true)
  @Problems({
    ProblemType.JOB_FINAL,
    ProblemType.ARTIFACT_NOT_READY,
    ProblemType.QUOTA_EXCEEDED,
    ProblemType.QUEUE_FULL
  })
  ResponseEntity<DecompositionView> retry(Tenant tenant, @PathVariable UUID id) {
    Decomposition after = decompositions.retry(tenant.id(), id);
    return ResponseEntity.accepted()
        .header(HttpHeaders.LOCATION, DecompositionView.address(id))
        .header(HttpHeaders.RETRY_AFTER, DecomposeController.retryAfter(after))
        .body(DecompositionView.of(after));
  }

  @DeleteMapping("/{id}")
  @RequiresScope(Scope.DECOMPOSE_WRITE)
  @Operation(
      operationId = "deleteDecomposition",
      summary = "Delete a decomposition",
      description =
          "With its picture, embeddings, memories, previews and checkpoints. One that waits is"
              + " canceled first; one that runs cannot be read any more from now on, and is gone when"
              + " its lane has stopped (202).")
  @ApiResponse(responseCode = "204", description = "It is gone.")
  @ApiResponse(responseCode = "202", description = "It stops within a step and is gone then.")
  ResponseEntity<Void> delete(Tenant tenant, @PathVariable UUID id) {
    Removal removal = decompositions.remove(tenant.id(), id);
    return ResponseEntity.status(
            removal == Removal.REMOVED ? HttpStatus.NO_CONTENT : HttpStatus.ACCEPTED)
        .build();
  }

  /**
   * One time a lane took the job.
   *
   * @param number 1-based; a run that was handed back and its continuation share a number
   * @param outcome absent while it runs
   * @param reason why it failed
   * @param lastStep the last step that was reported
   */
  @Schema(name = "Attempt")
  record AttemptView(
      int number,
      String lane,
      Instant startedAt,
      @Nullable Instant endedAt,
      Attempt.@Nullable Outcome outcome,
      @Nullable FailureReason reason,
      @Nullable String message,
      @Nullable Integer lastStep) {

    static AttemptView of(Attempt attempt) {
      return new AttemptView(
          attempt.number(),
          attempt.lane(),
          attempt.startedAt(),
          attempt.endedAt(),
          attempt.outcome(),
          attempt.reason(),
          attempt.message(),
          attempt.lastStep());
    }
  }

  /** Oldest first. */
  @Schema(name = "Attempts")
  record Attempts(List<AttemptView> items) {}

  @GetMapping(path = "/{id}/attempts", produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(operationId = "listAttempts", summary = "List the attempts of a decomposition")
  Attempts attempts(Tenant tenant, @PathVariable UUID id) {
    return new Attempts(
        decompositions.attempts(tenant.id(), id).stream().map(AttemptView::of).toList());
  }
}
