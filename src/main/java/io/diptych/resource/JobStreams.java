package io.diptych.resource;

import io.diptych.http.access.Tenant;
import io.diptych.http.event.EventLog;
import io.diptych.http.event.EventStreams;
import io.diptych.http.event.StreamEvent;
import io.diptych.job.Job;
import io.diptych.job.JobEvent;
import io.diptych.job.JobSignals;
import io.diptych.job.Jobs;
import io.diptych.role.ConditionalOnApi;
import jakarta.annotation.PreDestroy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import tools.jackson.databind.JsonNode;

/** The events of jobs as event streams. */
@Component
@ConditionalOnApi
public final class JobStreams {

  private final Jobs jobs;
  private final EventStreams streams;
  private final JobSignals.Subscription changes;

  JobStreams(Jobs jobs, EventStreams streams, JobSignals signals) {
    this.jobs = jobs;
    this.streams = streams;
    this.changes = signals.onAnyChange(streams::changed);
  }

  @PreDestroy
  void stop() {
    changes.close();
  }

  /**
   * Opens the stream of a job that was found to be the tenant's.
   *
   * @param lastEventId value of the {@code Last-Event-ID} header
   * @param more what the data of an event holds besides what the queue wrote
   */
  public ResponseEntity<SseEmitter> open(
      Tenant tenant,
      UUID job,
      @Nullable String lastEventId,
      Function<JobEvent, Map<String, String>> more) {
    return streams.open(
        tenant, job, (after, limit) -> read(tenant, job, after, limit, more), lastEventId);
  }

  private EventLog.Batch read(
      Tenant tenant, UUID id, long after, int limit, Function<JobEvent, Map<String, String>> more) {
    // The state first: if it is final, the event that says so is among those read next.
    Optional<Job> job = jobs.find(tenant.id(), id);
    List<JobEvent> events = jobs.events(tenant.id(), id, after, limit);
    return new EventLog.Batch(
        events.stream().map(event -> event(event, more.apply(event))).toList(),
        job.map(found -> ended(found, events, limit)).orElse(true));
  }

  private static boolean ended(Job job, List<JobEvent> events, int limit) {
    boolean retriedSince = events.stream().anyMatch(event -> event.seq() > job.version());
    return job.state().isFinal() && !retriedSince && events.size() < limit;
  }

  private static StreamEvent event(JobEvent event, Map<String, String> more) {
    String name = event.type().name().toLowerCase(Locale.ROOT).replace('_', '-');
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("at", event.at());
    for (Map.Entry<String, JsonNode> each : event.data().properties()) {
      data.put(each.getKey(), each.getValue());
    }
    data.putAll(more);
    return event.type() == JobEvent.Type.PROGRESS
        ? StreamEvent.snapshot(event.seq(), name, data)
        : StreamEvent.milestone(event.seq(), name, data);
  }
}
