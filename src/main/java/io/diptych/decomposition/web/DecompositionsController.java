package io.diptych.decomposition.web;

import io.diptych.decomposition.Decomposition;
import io.diptych.decomposition.DecompositionRequest;
import io.diptych.decomposition.Decompositions;
import io.diptych.decomposition.Estimate;
import io.diptych.decomposition.PictureUploads;
import io.diptych.decomposition.Plan;
import io.diptych.decomposition.StoredPicture;
import io.diptych.http.ETag;
import io.diptych.http.access.RequiresScope;
import io.diptych.http.access.Scope;
import io.diptych.http.access.Tenant;
import io.diptych.http.idempotency.Answer;
import io.diptych.http.idempotency.Fingerprint;
import io.diptych.http.idempotency.Idempotency;
import io.diptych.http.idempotency.IdempotencyKey;
import io.diptych.http.idempotency.IdempotentRequest;
import io.diptych.http.idempotency.Outcome;
import io.diptych.http.openapi.Problems;
import io.diptych.http.paging.Page;
import io.diptych.http.paging.PageQuery;
import io.diptych.http.problem.FieldError;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.http.trace.RequestTrace;
import io.diptych.job.Attempt;
import io.diptych.job.FailureReason;
import io.diptych.job.JobKind;
import io.diptych.job.JobQuery;
import io.diptych.job.JobState;
import io.diptych.job.QueuePlace;
import io.diptych.job.Removal;
import io.diptych.role.ConditionalOnApi;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.headers.Header;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Encoding;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.Valid;
import java.io.IOException;
import java.time.Instant;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RequestPart;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.multipart.MultipartFile;
import tools.jackson.databind.json.JsonMapper;

@RestController
@ConditionalOnApi
@RequestMapping("/decompositions")
@Tag(name = "Decompositions", description = "Learn the content and the style of a picture.")
class DecompositionsController {

  private static final String ROUTE = "POST /decompositions";
  private static final long LONGEST_RETRY_AFTER = 60;

  private final Decompositions decompositions;
  private final PictureUploads uploads;
  private final Idempotency idempotency;
  private final JsonMapper json;

  DecompositionsController(
      Decompositions decompositions,
      PictureUploads uploads,
      Idempotency idempotency,
      JsonMapper json) {
    this.decompositions = decompositions;
    this.uploads = uploads;
    this.idempotency = idempotency;
    this.json = json;
  }

  /** What a dry run answers: everything a submission would, and nothing is stored. */
  @Schema(name = "DecompositionDryRun")
  record DryRun(
      DecompositionView.Settings settings, DecompositionView.Picture picture, Estimate estimate) {}

  @PostMapping(
      consumes = MediaType.MULTIPART_FORM_DATA_VALUE,
      produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresScope(Scope.DECOMPOSE_WRITE)
  @Operation(
      operationId = "submitDecomposition",
      summary = "Decompose a picture",
      description =
          "Queues a job that learns the content and the style of the picture. Everything but the"
              + " picture may be left out. Words that are left out are generic ones: `object` and"
              + " `art`; better ones make better concepts.",
      requestBody =
          @io.swagger.v3.oas.annotations.parameters.RequestBody(
              required = true,
              content =
                  @Content(
                      mediaType = MediaType.MULTIPART_FORM_DATA_VALUE,
                      schema = @Schema(implementation = Form.class),
                      encoding = @Encoding(name = "request", contentType = "application/json"))))
  @ApiResponse(
      responseCode = "202",
      description = "It is queued.",
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
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON_VALUE,
              schema = @Schema(implementation = DecompositionView.class)))
  @ApiResponse(
      responseCode = "200",
      description = "With `dryRun=true`: what would run. Nothing was stored.",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON_VALUE,
              schema = @Schema(implementation = DryRun.class)))
  @Problems({
    ProblemType.VALIDATION,
    ProblemType.INVALID_IMAGE,
    ProblemType.IMAGE_TOO_LARGE,
    ProblemType.UNSUPPORTED_IMAGE_TYPE,
    ProblemType.QUOTA_EXCEEDED,
    ProblemType.QUEUE_FULL
  })
  ResponseEntity<?> submit(
      Tenant tenant,
      @Nullable IdempotencyKey key,
      @Parameter(hidden = true) @RequestPart("image") MultipartFile image,
      @Parameter(hidden = true) @Valid @RequestPart(name = "request", required = false)
          @Nullable DecompositionRequest request,
      @Parameter(description = "Check and estimate only.")
          @RequestParam(name = "dryRun", defaultValue = "false")
          boolean dryRun,
      HttpServletRequest servlet)
      throws IOException {
    DecompositionRequest wish = request == null ? DecompositionRequest.EMPTY : request;
    Plan plan = decompositions.plan(wish);
    if (dryRun) {
      return ResponseEntity.ok(
          new DryRun(
              DecompositionView.Settings.of(plan),
              DecompositionView.Picture.of(uploads.check(image)),
              decompositions.estimate(plan)));
    }
    Map<String, String> labels = wish.labels() == null ? Map.of() : wish.labels();
    try (StoredPicture picture = uploads.store(image)) {
      IdempotentRequest call =
          new IdempotentRequest(tenant, ROUTE, key, Fingerprint.of(wish, picture.sourceSha256()));
      Answer[] first = new Answer[1];
      Outcome outcome =
          idempotency.once(
              call,
              () -> {
                Decomposition made =
                    decompositions.submit(
                        tenant.id(), plan, picture, labels, RequestTrace.of(servlet).traceparent());
                first[0] = accepted(made);
                return made.id();
              },
              id -> first[0]);
      return repeat(tenant, outcome, first[0]);
    }
  }

  /**
   * A picture and what is wished of it.
   *
   * @param image a JPEG, PNG or still WebP picture
   * @param request may be left out, as may everything in it
   */
  @Schema(name = "DecompositionForm")
  record Form(
      @Schema(
              type = "string",
              format = "binary",
              description = "A JPEG, PNG or still WebP picture.",
              requiredMode = Schema.RequiredMode.REQUIRED)
          String image,
      @Nullable DecompositionRequest request) {}

  private Answer accepted(Decomposition made) {
    return new Answer(
        HttpStatus.ACCEPTED.value(),
        Map.of(
            HttpHeaders.LOCATION,
            DecompositionView.address(made.id()),
            HttpHeaders.RETRY_AFTER,
            Long.toString(retryAfter(made))),
        json.writeValueAsString(DecompositionView.of(made)));
  }

  private static long retryAfter(Decomposition made) {
    QueuePlace place = made.place();
    long wait = place == null ? 0 : place.estimatedWait().toSeconds();
    return Math.max(1, Math.min(LONGEST_RETRY_AFTER, wait));
  }

  private ResponseEntity<String> repeat(Tenant tenant, Outcome outcome, @Nullable Answer made) {
    if (outcome instanceof Outcome.Created && made != null) {
      return answer(made).body(made.body());
    }
    Answer known = outcome instanceof Outcome.Replayed replayed ? replayed.answer() : null;
    Answer again = known == null ? accepted(require(tenant, outcome.resourceId())) : known;
    return answer(again).header(IdempotencyKey.REPLAYED_HEADER, "true").body(again.body());
  }

  private static ResponseEntity.BodyBuilder answer(Answer answer) {
    ResponseEntity.BodyBuilder builder =
        ResponseEntity.status(answer.status()).contentType(MediaType.APPLICATION_JSON);
    answer.headers().forEach(builder::header);
    return builder;
  }

  private Decomposition require(Tenant tenant, UUID id) {
    return decompositions
        .find(tenant.id(), id)
        .orElseThrow(() -> ProblemException.notFound("decomposition", id));
  }

  @GetMapping(path = "/{id}", produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "readDecomposition",
      summary = "Read a decomposition",
      description = "Poll with `If-None-Match`; nothing new costs next to nothing.")
  @ApiResponse(
      responseCode = "200",
      description = "As it stands now.",
      headers =
          @Header(
              name = "ETag",
              description = "Changes with everything in the body.",
              schema = @Schema(type = "string")),
      useReturnTypeSchema = true)
  @ApiResponse(responseCode = "304", description = "Nothing has changed.", content = @Content)
  ResponseEntity<DecompositionView> read(
      Tenant tenant, @PathVariable UUID id, @Parameter(hidden = true) WebRequest request) {
    Decomposition found = require(tenant, id);
    return tag(found).answer(request, () -> DecompositionView.of(found));
  }

  private static ETag tag(Decomposition found) {
    QueuePlace place = found.place();
    return ETag.of(
        found.id(),
        found.job().version(),
        found.state(),
        place == null ? "" : DecompositionView.Queue.of(place),
        found.artifactExpiredAt() == null ? "" : found.artifactExpiredAt(),
        found.previews());
  }

  @GetMapping(produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "listDecompositions",
      summary = "List decompositions",
      description = "Newest first.")
  ResponseEntity<Page.Body<DecompositionView>> list(
      Tenant tenant,
      PageQuery page,
      @Parameter(description = "Only those in one of these states.")
          @RequestParam(name = "state", required = false)
          @Nullable List<JobState> states,
      @Parameter(description = "Only those with this label, as `name:value`; may be repeated.")
          @RequestParam(name = "label", required = false)
          @Nullable List<String> labels,
      @Parameter(description = "Only those created at this time or later.")
          @RequestParam(name = "createdFrom", required = false)
          @Nullable Instant createdFrom,
      @Parameter(description = "Only those created before this time.")
          @RequestParam(name = "createdBefore", required = false)
          @Nullable Instant createdBefore,
      @Parameter(hidden = true) HttpServletRequest servlet) {
    Set<JobState> wanted = EnumSet.noneOf(JobState.class);
    if (states != null) {
      wanted.addAll(states);
    }
    List<Decomposition> found =
        decompositions.list(
            new JobQuery(
                tenant.id(),
                JobKind.DECOMPOSITION,
                wanted,
                labels(servlet.getParameterValues("label")),
                createdFrom,
                createdBefore,
                page.after(),
                page.fetch()));
    return page.page(found, Decomposition::id).map(DecompositionView::of).answer();
  }

  /** From the raw parameters: a label may hold a comma, at which Spring would split it. */
  private static Map<String, String> labels(String @Nullable [] parameters) {
    Map<String, String> labels = new LinkedHashMap<>();
    for (String parameter : parameters == null ? new String[0] : parameters) {
      int colon = parameter.indexOf(':');
      if (colon < 1) {
        throw ProblemException.invalid(FieldError.parameter("label", "must be name:value"));
      }
      labels.put(parameter.substring(0, colon), parameter.substring(colon + 1));
    }
    return labels;
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
              + " alone.")
  @ApiResponse(responseCode = "202", description = "It waits or runs.", useReturnTypeSchema = true)
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
        .header(HttpHeaders.RETRY_AFTER, Long.toString(retryAfter(after)))
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
    Removal removal = decompositions.delete(tenant.id(), id);
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
