package io.diptych.decomposition.web;

import io.diptych.decomposition.Decomposition;
import io.diptych.decomposition.Decompositions;
import io.diptych.http.access.RequiresScope;
import io.diptych.http.access.Scope;
import io.diptych.http.access.Tenant;
import io.diptych.http.event.EventLog;
import io.diptych.http.event.EventStreams;
import io.diptych.http.event.StreamEvent;
import io.diptych.http.problem.ProblemException;
import io.diptych.job.JobEvent;
import io.diptych.job.JobSignals;
import io.diptych.role.ConditionalOnApi;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.annotation.PreDestroy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import tools.jackson.databind.JsonNode;

@RestController
@ConditionalOnApi
@Tag(name = "Decompositions")
class EventsController {

  private final Decompositions decompositions;
  private final EventStreams streams;
  private final JobSignals.Subscription changes;

  EventsController(Decompositions decompositions, EventStreams streams, JobSignals signals) {
    this.decompositions = decompositions;
    this.streams = streams;
    this.changes = signals.onAnyChange(streams::changed);
  }

  @PreDestroy
  void stop() {
    changes.close();
  }

  @GetMapping(path = "/decompositions/{id}/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "followDecomposition",
      summary = "Follow a decomposition",
      description =
          "Server-sent events: `queued`, `started`, `progress`, `preview`, `retrying`,"
              + " `handed-back`, `cancel-requested`, and at the end one of `succeeded`, `failed`,"
              + " `canceled`, `expired`, after which the stream is closed. A client that comes back"
              + " with `Last-Event-ID` is sent what it missed.")
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
    if (decompositions.find(tenant.id(), id).isEmpty()) {
      throw ProblemException.notFound("decomposition", id);
    }
    return streams.open(tenant, id, (after, limit) -> read(tenant, id, after, limit), lastEventId);
  }

  private EventLog.Batch read(Tenant tenant, UUID id, long after, int limit) {
    // The state first: an end that comes between the two reads is then seen by the next one.
    Optional<Decomposition> now = decompositions.find(tenant.id(), id);
    List<JobEvent> events = decompositions.events(tenant.id(), id, after, limit);
    long last = events.isEmpty() ? after : events.get(events.size() - 1).seq();
    boolean ended =
        now.isEmpty() || (now.get().state().isFinal() && last >= now.get().job().version());
    return new EventLog.Batch(events.stream().map(event -> event(id, event)).toList(), ended);
  }

  private static StreamEvent event(UUID id, JobEvent event) {
    String name = event.type().name().toLowerCase(Locale.ROOT).replace('_', '-');
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("at", event.at());
    for (Map.Entry<String, JsonNode> each : event.data().properties()) {
      data.put(each.getKey(), each.getValue());
    }
    if (event.type() == JobEvent.Type.PREVIEW) {
      data.put(
          "preview",
          DecompositionView.address(id) + "/previews/" + event.data().path("step").asInt());
    }
    return event.type() == JobEvent.Type.PROGRESS
        ? StreamEvent.snapshot(event.seq(), name, data)
        : StreamEvent.milestone(event.seq(), name, data);
  }
}
