package io.diptych.generation.web;

import io.diptych.generation.GeneratedImage;
import io.diptych.generation.Generation;
import io.diptych.generation.Generations;
import io.diptych.http.ETag;
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
import io.diptych.http.paging.Page;
import io.diptych.http.paging.PageQuery;
import io.diptych.http.problem.FieldError;
import io.diptych.http.problem.Problem;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.http.problem.RetryAfter;
import io.diptych.http.trace.RequestTrace;
import io.diptych.job.Cancellation;
import io.diptych.job.Job;
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
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.Valid;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.InputStreamResource;
import org.springframework.core.io.Resource;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

@RestController
@ConditionalOnApi
@Tag(name = "Generations", description = "New pictures from learned content and style.")
class GenerationsController {

  private static final String ROUTE = "POST /generate";
  private static final Duration DEFAULT_WAIT = Duration.ofSeconds(30);

  /** On top of the wait: for looking up and reading what is answered. */
  private static final Duration MARGIN = Duration.ofSeconds(30);

  private static final String SEED_HEADER = "Diptych-Seed";

  private final Generations generations;
  private final Endings endings;
  private final Idempotency idempotency;
  private final GenerationEvents events;

  GenerationsController(
      Generations generations, Endings endings, Idempotency idempotency, GenerationEvents events) {
    this.generations = generations;
    this.endings = endings;
    this.idempotency = idempotency;
    this.events = events;
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
            schema = @Schema(type = "integer", format = "int64"))
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
            schema = @Schema(type = "integer"))
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
            wait);
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
    Generation generation = required(tenant, replayed.resourceId());
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
      return picture(answer, generation, image)
          .header(HttpHeaders.CONTENT_LOCATION, GenerationView.path(job.id(), image))
          .contentType(MediaType.IMAGE_PNG)
          .body(new PictureResource(generations, generation, image));
    }
    QueuePlace place = generations.place(generation).orElse(null);
    if (status == HttpStatus.ACCEPTED && !job.state().isFinal()) {
      Duration soon = place == null ? Duration.ofSeconds(1) : place.estimatedWait();
      answer.header(HttpHeaders.RETRY_AFTER, RetryAfter.seconds(soon));
    }
    return answer
        .contentType(MediaType.APPLICATION_JSON)
        .body(view(generation, place, form.inline()));
  }

  @GetMapping(path = "/generations/{id}", produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "readGeneration",
      summary = "Read a generation",
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
  ResponseEntity<GenerationView> get(
      Tenant tenant,
      @PathVariable UUID id,
      @Parameter(description = "Put the PNG files into the answer, in base64.")
          @RequestParam(defaultValue = "false")
          boolean inline,
      @Parameter(hidden = true) WebRequest request) {
    Generation generation = required(tenant, id);
    QueuePlace place = generations.place(generation).orElse(null);
    return ETag.of(
            id,
            generation.job().version(),
            place == null ? "" : GenerationView.Queue.of(place),
            inline)
        .answer(request, () -> view(generation, place, inline));
  }

  @GetMapping(path = "/generations", produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "listGenerations",
      summary = "List generations",
      description = "Newest first.")
  ResponseEntity<Page.Body<GenerationView>> list(
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
    List<Generation> found =
        generations.list(
            new JobQuery(
                tenant.id(),
                JobKind.GENERATION,
                states == null ? Set.of() : Set.copyOf(states),
                labels(servlet.getParameterValues("label")),
                createdFrom,
                createdBefore,
                page.after(),
                page.fetch()));
    return page.page(found, generation -> generation.job().id())
        .map(generation -> GenerationView.of(generation, null, null))
        .answer();
  }

  /** From the raw parameters: a label may hold a comma, at which Spring would split it. */
  private static Map<String, String> labels(String @Nullable [] parameters) {
    Map<String, String> labels = new HashMap<>();
    for (String parameter : parameters == null ? new String[0] : parameters) {
      int colon = parameter.indexOf(':');
      if (colon < 1) {
        throw ProblemException.invalid(FieldError.parameter("label", "must be name:value"));
      }
      labels.put(parameter.substring(0, colon), parameter.substring(colon + 1));
    }
    return labels;
  }

  @GetMapping(path = "/generations/{id}/images/{index}", produces = MediaType.IMAGE_PNG_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "downloadPicture",
      summary = "Download a picture",
      description =
          "A PNG that carries seed, prompt, decompositions and model in its text chunks. Its entity"
              + " tag is its SHA-256. Ranges are served.")
  @ApiResponse(
      responseCode = "200",
      description = "The picture.",
      content =
          @Content(
              mediaType = MediaType.IMAGE_PNG_VALUE,
              schema = @Schema(type = "string", format = "binary")),
      headers =
          @Header(
              name = "ETag",
              description = "SHA-256 of the file.",
              schema = @Schema(type = "string")))
  @ApiResponse(responseCode = "206", description = "The part asked for.", content = @Content)
  @ApiResponse(responseCode = "304", description = "The caller has it.", content = @Content)
  @Problems({
    ProblemType.ARTIFACT_NOT_READY,
    ProblemType.JOB_WITHOUT_RESULT,
    ProblemType.JOB_EXPIRED,
    ProblemType.RANGE_NOT_SATISFIABLE
  })
  ResponseEntity<Resource> image(
      Tenant tenant,
      @PathVariable UUID id,
      @PathVariable int index,
      @Parameter(hidden = true) @RequestHeader(name = HttpHeaders.IF_RANGE, required = false)
          @Nullable String ifRange,
      @Parameter(hidden = true) WebRequest request) {
    Generation generation = required(tenant, id);
    if (generation.outcome() == null) {
      Problem problem = Generations.problem(generation.job());
      throw new ProblemException(
          generation.job().state().isFinal()
              ? Problem.of(ProblemType.JOB_WITHOUT_RESULT, problem.detail()).withJob(id)
              : problem);
    }
    List<GeneratedImage> images = generation.outcome().images();
    if (index < 0 || index >= images.size()) {
      throw ProblemException.notFound("picture", index);
    }
    GeneratedImage image = images.get(index);
    if (!generations.isKept(generation, image)) {
      throw new ProblemException(
          Problem.of(ProblemType.JOB_EXPIRED, "The picture has been removed.").withJob(id));
    }
    ETag tag = tag(image);
    ResponseEntity<Boolean> known = tag.answer(request, () -> false);
    if (known.getBody() == null) {
      return ResponseEntity.status(known.getStatusCode()).headers(known.getHeaders()).build();
    }
    PictureResource file = new PictureResource(generations, generation, image);
    // Spring honours ranges of every resource but this one, and does not know If-Range.
    boolean mayBePart = ifRange == null || ifRange.equals(tag.value());
    return picture(ResponseEntity.ok(), generation, image)
        .body(mayBePart ? file : new InputStreamResource(file::getInputStream));
  }

  private static ETag tag(GeneratedImage image) {
    return new ETag('"' + image.sha256() + '"');
  }

  private static ResponseEntity.BodyBuilder picture(
      ResponseEntity.BodyBuilder answer, Generation generation, GeneratedImage image) {
    String name = generation.job().id() + "-" + image.index() + ".png";
    return answer
        .eTag(tag(image).value())
        .header(HttpHeaders.CACHE_CONTROL, "private, no-cache")
        .header(
            HttpHeaders.CONTENT_DISPOSITION,
            ContentDisposition.inline().filename(name).build().toString());
  }

  @GetMapping(path = "/generations/{id}/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "followGeneration",
      summary = "Follow a generation",
      description =
          "Server-sent events: `queued`, `started`, `retrying`, `handed-back`, `cancel-requested`, and"
              + " at the end one of `succeeded`, `failed`, `canceled`, `expired`, after which the"
              + " stream is closed. A client that comes back with `Last-Event-ID` is sent what it"
              + " missed.")
  @ApiResponse(
      responseCode = "200",
      description = "The stream.",
      content =
          @Content(
              mediaType = MediaType.TEXT_EVENT_STREAM_VALUE,
              schema = @Schema(type = "string")))
  @ApiResponse(
      responseCode = "204",
      description = "The client has had the last event; it need not come back.")
  ResponseEntity<SseEmitter> events(
      Tenant tenant,
      @PathVariable UUID id,
      @Parameter(description = "Number of the last event that arrived.")
          @RequestHeader(name = "Last-Event-ID", required = false)
          @Nullable String lastEventId) {
    required(tenant, id);
    return events.open(tenant, id, lastEventId);
  }

  @PostMapping(path = "/generations/{id}/cancel", produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresScope(Scope.GENERATE_WRITE)
  @Operation(
      operationId = "cancelGeneration",
      summary = "Cancel a generation",
      description =
          "200 when it waited, or had been canceled; 202 when it runs and will stop in its present"
              + " scale.")
  @ApiResponse(responseCode = "200", description = "It is canceled.", useReturnTypeSchema = true)
  @ApiResponse(
      responseCode = "202",
      description = "It runs and stops in its present scale.",
      useReturnTypeSchema = true)
  @Problems(ProblemType.JOB_FINAL)
  ResponseEntity<GenerationView> cancel(Tenant tenant, @PathVariable UUID id) {
    Cancellation cancellation =
        generations
            .cancel(tenant.id(), id)
            .orElseThrow(() -> ProblemException.notFound("generation", id));
    HttpStatus status =
        switch (cancellation.outcome()) {
          case CANCELED, ALREADY_CANCELED -> HttpStatus.OK;
          case REQUESTED -> HttpStatus.ACCEPTED;
          case TOO_LATE ->
              throw new ProblemException(
                  Problem.of(
                          ProblemType.JOB_FINAL,
                          "The generation is " + cancellation.job().state() + ".")
                      .withJob(id));
        };
    return ResponseEntity.status(status).body(view(required(tenant, id), null, false));
  }

  @DeleteMapping("/generations/{id}")
  @RequiresScope(Scope.GENERATE_WRITE)
  @Operation(
      operationId = "deleteGeneration",
      summary = "Delete a generation",
      description =
          "Removes it with its pictures. One that waits is canceled first; one that runs cannot be"
              + " read any more from now on, and is gone when its lane has stopped (202).")
  @ApiResponse(responseCode = "204", description = "It is gone.", content = @Content)
  @ApiResponse(
      responseCode = "202",
      description = "It stops in its present scale and is gone then.",
      content = @Content)
  ResponseEntity<Void> delete(Tenant tenant, @PathVariable UUID id) {
    Removal removal =
        generations
            .remove(tenant.id(), id)
            .orElseThrow(() -> ProblemException.notFound("generation", id));
    return ResponseEntity.status(
            removal == Removal.REMOVED ? HttpStatus.NO_CONTENT : HttpStatus.ACCEPTED)
        .build();
  }

  private Generation required(Tenant tenant, UUID id) {
    return generations
        .find(tenant.id(), id)
        .orElseThrow(() -> ProblemException.notFound("generation", id));
  }

  private GenerationView view(Generation generation, @Nullable QueuePlace place, boolean inline) {
    return GenerationView.of(generation, place, inline ? image -> base64(generation, image) : null);
  }

  private String base64(Generation generation, GeneratedImage image) {
    try (InputStream png = generations.open(generation, image)) {
      return Base64.getEncoder().encodeToString(png.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
