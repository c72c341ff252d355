package io.diptych.generation.web;

import io.diptych.http.access.Tenant;
import io.diptych.http.event.EventLog;
import io.diptych.http.event.EventStreams;
import io.diptych.http.event.StreamEvent;
import io.diptych.job.Job;
import io.diptych.job.JobEvent;
import io.diptych.job.JobSignals;
import io.diptych.job.Jobs;
import io.diptych.role.ConditionalOnApi;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import tools.jackson.databind.JsonNode;

/** The events of a generation's job as a stream. */
@Component
@ConditionalOnApi
final class GenerationEvents {

  private final Jobs jobs;
  private final JobSignals signals;
  private final EventStreams streams;

  GenerationEvents(Jobs jobs, JobSignals signals, EventStreams streams) {
    this.jobs = jobs;
    this.signals = signals;
    this.streams = streams;
  }

  ResponseEntity<SseEmitter> open(Tenant tenant, UUID id, @Nullable String lastEventId) {
    ResponseEntity<SseEmitter> answer =
        streams.open(tenant, id, (after, limit) -> read(tenant, id, after, limit), lastEventId);
    SseEmitter emitter = answer.getBody();
    if (emitter != null) {
      JobSignals.Subscription subscription = signals.onChange(id, () -> streams.changed(id));
      emitter.onCompletion(subscription::close);
    }
    return answer;
  }

  private EventLog.Batch read(Tenant tenant, UUID id, long after, int limit) {
    // The state first: what is final then has its last event in what is read next.
    Optional<Job> job = jobs.find(tenant.id(), id);
    List<JobEvent> events = jobs.events(tenant.id(), id, after, limit);
    boolean ended =
        job.isEmpty()
            || job.get().state().isFinal()
                && events.stream().noneMatch(event -> event.seq() > job.get().version())
                && events.size() < limit;
    return new EventLog.Batch(events.stream().map(GenerationEvents::event).toList(), ended);
  }

  private static StreamEvent event(JobEvent event) {
    String name = event.type().name().toLowerCase(Locale.ROOT).replace('_', '-');
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("at", event.at());
    for (Map.Entry<String, JsonNode> each : event.data().properties()) {
      data.put(each.getKey(), each.getValue());
    }
    return StreamEvent.milestone(event.seq(), name, data);
  }
}
