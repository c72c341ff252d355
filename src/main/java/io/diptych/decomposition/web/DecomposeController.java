package io.diptych.decomposition.web;

import io.diptych.decomposition.Decomposition;
import io.diptych.decomposition.DecompositionRequest;
import io.diptych.decomposition.Decompositions;
import io.diptych.decomposition.Estimate;
import io.diptych.decomposition.PictureUploads;
import io.diptych.decomposition.Plan;
import io.diptych.decomposition.StoredPicture;
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
import io.diptych.http.problem.ProblemType;
import io.diptych.http.problem.RetryAfter;
import io.diptych.http.trace.RequestTrace;
import io.diptych.job.QueuePlace;
import io.diptych.role.ConditionalOnApi;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.headers.Header;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Encoding;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.Valid;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RequestPart;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;
import tools.jackson.databind.json.JsonMapper;

@RestController
@ConditionalOnApi
@Tag(name = "Decompositions")
class DecomposeController {

  private static final String ROUTE = "POST /decompositions";
  private static final Duration LONGEST_RETRY_AFTER = Duration.ofMinutes(1);

  private final Decompositions decompositions;
  private final PictureUploads uploads;
  private final Idempotency idempotency;
  private final JsonMapper json;

  DecomposeController(
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
      path = "/decompositions",
      consumes = MediaType.MULTIPART_FORM_DATA_VALUE,
      produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresScope(Scope.DECOMPOSE_WRITE)
  @Operation(
      operationId = "submitDecomposition",
      summary = "Decompose a picture",
      description =
          "Queues a job that learns the content and the style of the picture. Everything but the"
              + " picture may be left out. For words that are left out the model finds some of its"
              + " own; where it knows none they are `object` and `art`.",
      requestBody =
          @RequestBody(
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
              DecompositionView.Settings.of(plan, null),
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
            retryAfter(made)),
        json.writeValueAsString(DecompositionView.of(made)));
  }

  /** When a look is worth it: after the wait, but at least once a minute. */
  static String retryAfter(Decomposition waiting) {
    QueuePlace place = waiting.place();
    Duration wait = place == null ? Duration.ZERO : place.estimatedWait();
    return RetryAfter.seconds(wait.compareTo(LONGEST_RETRY_AFTER) > 0 ? LONGEST_RETRY_AFTER : wait);
  }

  private ResponseEntity<String> repeat(Tenant tenant, Outcome outcome, @Nullable Answer made) {
    if (outcome instanceof Outcome.Created && made != null) {
      return answer(made).body(made.body());
    }
    Answer known = outcome instanceof Outcome.Replayed replayed ? replayed.answer() : null;
    Answer again =
        known == null || known.body() == null
            ? accepted(decompositions.require(tenant.id(), outcome.resourceId()))
            : known;
    return answer(again).header(IdempotencyKey.REPLAYED_HEADER, "true").body(again.body());
  }

  private static ResponseEntity.BodyBuilder answer(Answer answer) {
    ResponseEntity.BodyBuilder builder =
        ResponseEntity.status(answer.status()).contentType(MediaType.APPLICATION_JSON);
    answer.headers().forEach(builder::header);
    return builder;
  }
}
