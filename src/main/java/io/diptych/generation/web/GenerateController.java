package io.diptych.generation.web;

import io.diptych.generation.GeneratedImage;
import io.diptych.generation.Generation;
import io.diptych.generation.Generations;
import io.diptych.http.Prefer;
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
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.http.problem.RetryAfter;
import io.diptych.http.trace.RequestTrace;
import io.diptych.job.Job;
import io.diptych.job.JobState;
import io.diptych.job.QueuePlace;
import io.diptych.role.ConditionalOnApi;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.headers.Header;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.Valid;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;

@RestController
@ConditionalOnApi
@Tag(name = "Generations")
class GenerateController {

  private static final String ROUTE = "POST /generate";
  private static final Duration DEFAULT_WAIT = Duration.ofSeconds(30);

  /** On top of the wait: for looking up and reading what is answered. */
  private static final Duration MARGIN = Duration.ofSeconds(30);

  private static final String SEED_HEADER = "Diptych-Seed";

  private final Generations generations;
  private final Endings endings;
  private final Idempotency idempotency;

  GenerateController(Generations generations, Endings endings, Idempotency idempotency) {
    this.generations = generations;
    this.endings = endings;
    this.idempotency = idempotency;
  }

  @PostMapping(
      path = "/generate",
      consumes = MediaType.APPLICATION_JSON_VALUE,
      produces = {MediaType.APPLICATION_JSON_VALUE, MediaType.IMAGE_PNG_VALUE})
  @RequiresScope(Scope.GENERATE_WRITE)
  @Operation(
      operationId = "generate",
      summary = "Generate pictures",
      description =
          "Waits for the pictures as long as `Prefer: wait` says (30 s by default), then answers 201"
              + " with them, or 202 with the generation as it is. A generation that fails within the"
              + " wait is answered with its problem. With `Accept: image/png` and a count of 1 the"
              + " answer is the picture itself.")
  @ApiResponse(
      responseCode = "201",
      description = "The pictures.",
      headers = {
        @Header(name = "Location", schema = @Schema(type = "string")),
        @Header(
            name = SEED_HEADER,
            description = "The seed that was used.",
            schema = @Schema(type = "integer", format = "int64")),
        @Header(
            name = "Content-Location",
            description = "Address of the picture, where it is the answer.",
            schema = @Schema(type = "string"))
      },
      content = {
        @Content(
            mediaType = MediaType.APPLICATION_JSON_VALUE,
            schema = @Schema(implementation = GenerationView.class)),
        @Content(
            mediaType = MediaType.IMAGE_PNG_VALUE,
            schema = @Schema(type = "string", format = "binary"))
      })
  @ApiResponse(
      responseCode = "202",
      description = "Not made yet; follow the links.",
      headers = {
        @Header(name = "Location", schema = @Schema(type = "string")),
        @Header(
            name = "Retry-After",
            description = "Seconds after which to look again.",
            schema = @Schema(type = "integer")),
        @Header(
            name = SEED_HEADER,
            description = "The seed that is used.",
            schema = @Schema(type = "integer", format = "int64"))
      },
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON_VALUE,
              schema = @Schema(implementation = GenerationView.class)))
  @Problems({
    ProblemType.NOT_ACCEPTABLE,
    ProblemType.UNKNOWN_ARTIFACT,
    ProblemType.ARTIFACT_NOT_READY,
    ProblemType.INCOMPATIBLE_ARTIFACT,
    ProblemType.JOB_WITHOUT_RESULT,
    ProblemType.JOB_EXPIRED,
    ProblemType.JOB_FAILED,
    ProblemType.QUOTA_EXCEEDED,
    ProblemType.QUEUE_FULL,
    ProblemType.MODEL_UNAVAILABLE,
    ProblemType.OUT_OF_MEMORY,
    ProblemType.DEADLINE_EXCEEDED
  })
  DeferredResult<ResponseEntity<?>> generate(
      Tenant tenant,
      @Nullable IdempotencyKey key,
      Prefer prefer,
      @Parameter(description = "Put the PNG files into the answer, in base64.")
          @RequestParam(defaultValue = "false")
          boolean inline,
      @Valid @RequestBody GenerateRequest request,
      HttpServletRequest servlet) {
    boolean png = Accepted.pngRatherThanJson(servlet.getHeaders(HttpHeaders.ACCEPT));
    if (png && request.countOrOne() != 1) {
      throw new ProblemException(
          ProblemType.NOT_ACCEPTABLE,
          "An answer of image/png is one picture; ask for a count of 1, or accept"
              + " application/json.");
    }
    IdempotentRequest call = new IdempotentRequest(tenant, ROUTE, key, Fingerprint.of(request));
    Duration wait = prefer.waitOr(DEFAULT_WAIT);
    String traceparent = RequestTrace.of(servlet).traceparent();
    Outcome outcome =
        idempotency.begin(
            call,
            () -> generations.submit(tenant.id(), request.toWish(traceparent)).job().id(),
            prefer.cap()); // The first request may have asked for more patience than this one.
    Form form = new Form(png, inline, prefer);
    DeferredResult<ResponseEntity<?>> result = new DeferredResult<>(wait.plus(MARGIN).toMillis());
    if (outcome instanceof Outcome.Replayed replayed) {
      result.setResult(replay(tenant, replayed, form));
      return result;
    }
    endings
        .await(tenant.id(), outcome.resourceId(), wait)
        .thenApply(
            generation -> {
              idempotency.answered(call, Answer.of(status(generation).value(), Map.of()));
              return answer(generation, status(generation), form);
            })
        .whenComplete(
            (answer, failure) -> {
              if (failure == null) {
                result.setResult(answer);
              } else {
                result.setErrorResult(
                    failure instanceof CompletionException ? failure.getCause() : failure);
              }
            });
    return result;
  }

  /** How the caller wants the answer. */
  private record Form(boolean png, boolean inline, Prefer prefer) {}

  /** The first answer's status with the generation as it is now, unless that has become wrong. */
  private ResponseEntity<?> replay(Tenant tenant, Outcome.Replayed replayed, Form form) {
    Generation generation = generations.require(tenant.id(), replayed.resourceId());
    boolean wasAccepted =
        replayed.answer() != null && replayed.answer().status() == HttpStatus.ACCEPTED.value();
    ResponseEntity<?> answer =
        answer(generation, wasAccepted ? HttpStatus.ACCEPTED : status(generation), form);
    HttpHeaders headers = new HttpHeaders();
    headers.putAll(answer.getHeaders());
    headers.set(IdempotencyKey.REPLAYED_HEADER, "true");
    return new ResponseEntity<>(answer.getBody(), headers, answer.getStatusCode());
  }

  private static HttpStatus status(Generation generation) {
    Job job = generation.job();
    if (job.state() == JobState.SUCCEEDED) {
      return HttpStatus.CREATED;
    }
    return job.state().isFinal()
        ? HttpStatus.valueOf(Generations.problem(job).status())
        : HttpStatus.ACCEPTED;
  }

  private ResponseEntity<?> answer(Generation generation, HttpStatus status, Form form) {
    Job job = generation.job();
    if (status.isError()) {
      throw new ProblemException(Generations.problem(job));
    }
    ResponseEntity.BodyBuilder answer =
        ResponseEntity.status(status)
            .header(HttpHeaders.LOCATION, GenerationView.path(job.id()))
            .header(SEED_HEADER, Long.toString(generation.order().seed()));
    form.prefer().applied().ifPresent(applied -> answer.header(Prefer.PREFERENCE_APPLIED, applied));
    if (status == HttpStatus.CREATED && form.png() && generation.outcome() != null) {
      GeneratedImage image = generation.outcome().images().get(0);
      return PictureFile.of(generations, generation, image)
          .within(
              answer
                  .header(HttpHeaders.CONTENT_LOCATION, GenerationView.path(job.id(), image))
                  .contentType(MediaType.IMAGE_PNG));
    }
    QueuePlace place = generations.place(generation).orElse(null);
    if (status == HttpStatus.ACCEPTED && !job.state().isFinal()) {
      Duration soon = place == null ? Duration.ofSeconds(1) : place.estimatedWait();
      answer.header(HttpHeaders.RETRY_AFTER, RetryAfter.seconds(soon));
    }
    return answer
        .contentType(MediaType.APPLICATION_JSON)
        .body(
            GenerationView.of(
                generation,
                place,
                form.inline() ? image -> generations.read(generation, image) : null));
  }
}
