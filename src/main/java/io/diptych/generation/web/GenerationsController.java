package io.diptych.generation.web;

import io.diptych.generation.GeneratedImage;
import io.diptych.generation.Generation;
import io.diptych.generation.Generations;
import io.diptych.http.ETag;
import io.diptych.http.access.RequiresScope;
import io.diptych.http.access.Scope;
import io.diptych.http.access.Tenant;
import io.diptych.http.openapi.Problems;
import io.diptych.http.paging.Page;
import io.diptych.http.paging.PageQuery;
import io.diptych.http.problem.Problem;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.job.QueuePlace;
import io.diptych.job.Removal;
import io.diptych.resource.JobFilter;
import io.diptych.resource.JobStreams;
import io.diptych.resource.QueuePlaceView;
import io.diptych.role.ConditionalOnApi;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.Resource;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

@RestController
@ConditionalOnApi
@Tag(name = "Generations", description = "New pictures from learned content and style.")
class GenerationsController {

  private final Generations generations;
  private final JobStreams streams;

  GenerationsController(Generations generations, JobStreams streams) {
    this.generations = generations;
    this.streams = streams;
  }

  @GetMapping(path = "/generations/{id}", produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "readGeneration",
      summary = "Read a generation",
      description = "Poll with `If-None-Match`; nothing new costs next to nothing.")
  @Problems(ProblemType.JOB_EXPIRED)
  ResponseEntity<GenerationView> get(
      Tenant tenant,
      @PathVariable UUID id,
      @Parameter(description = "Put the PNG files into the answer, in base64.")
          @RequestParam(defaultValue = "false")
          boolean inline,
      WebRequest request) {
    Generation generation = generations.require(tenant.id(), id);
    QueuePlace place = generations.place(generation).orElse(null);
    QueuePlaceView queue = QueuePlaceView.of(place);
    return ETag.of(id, generation.job().version(), queue == null ? "" : queue, inline)
        .answer(
            request,
            () ->
                GenerationView.of(
                    generation,
                    place,
                    inline ? image -> generations.read(generation, image) : null));
  }

  @GetMapping(path = "/generations", produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "listGenerations",
      summary = "List generations",
      description = "Newest first.")
  ResponseEntity<Page.Body<GenerationView>> list(Tenant tenant, JobFilter filter, PageQuery page) {
    return page.page(
            generations.list(tenant.id(), filter, page), generation -> generation.job().id())
        .map(generation -> GenerationView.of(generation, null, null))
        .answer();
  }

  @GetMapping(path = "/generations/{id}/images/{index}", produces = MediaType.IMAGE_PNG_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "downloadPicture",
      summary = "Download a picture",
      description =
          "A PNG that carries seed, prompt, decompositions and model in its text chunks. Its entity"
              + " tag is its SHA-256. Ranges are served.")
  @Problems({
    ProblemType.ARTIFACT_NOT_READY,
    ProblemType.JOB_WITHOUT_RESULT,
    ProblemType.JOB_EXPIRED
  })
  ResponseEntity<Resource> image(
      Tenant tenant, @PathVariable UUID id, @PathVariable int index, WebRequest request) {
    Generation generation = generations.require(tenant.id(), id);
    List<GeneratedImage> images = Generations.pictures(generation);
    if (index < 0 || index >= images.size()) {
      throw ProblemException.notFound("picture", index);
    }
    GeneratedImage image = images.get(index);
    if (!generations.isKept(generation, image)) {
      throw new ProblemException(
          Problem.of(ProblemType.JOB_EXPIRED, "The picture has been removed.").withJob(id));
    }
    return PictureFile.of(generations, generation, image).answer(request);
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
  ResponseEntity<SseEmitter> events(
      Tenant tenant,
      @PathVariable UUID id,
      @Parameter(description = "Number of the last event that arrived.")
          @RequestHeader(name = "Last-Event-ID", required = false)
          @Nullable String lastEventId) {
    generations.require(tenant.id(), id);
    return streams.open(tenant, id, lastEventId, event -> Map.of());
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
    Generation after = generations.cancel(tenant.id(), id);
    return ResponseEntity.status(
            after.job().state().isFinal() ? HttpStatus.OK : HttpStatus.ACCEPTED)
        .body(GenerationView.of(after, null, null));
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
    Removal removal = generations.remove(tenant.id(), id);
    return ResponseEntity.status(
            removal == Removal.REMOVED ? HttpStatus.NO_CONTENT : HttpStatus.ACCEPTED)
        .build();
  }
}
