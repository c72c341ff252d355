package io.diptych.ops;

import io.diptych.job.JobKind;
import io.diptych.job.Jobs;
import io.diptych.job.QueueDepth;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;

/** How much waits and runs in the whole cluster; every process reports the same. */
@Component
final class QueueMeters implements MeterBinder {

  private static final Logger log = LoggerFactory.getLogger(QueueMeters.class);

  /** One query, or one failure, serves all gauges of a scrape. */
  private static final Duration FRESH = Duration.ofSeconds(5);

  private final Jobs jobs;
  private final Clock clock;
  private Map<JobKind, QueueDepth> depths = Map.of();
  private Instant staleAt = Instant.MIN;

  QueueMeters(Jobs jobs, Clock clock) {
    this.jobs = jobs;
    this.clock = clock;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    for (JobKind kind : JobKind.values()) {
      gauge(registry, kind, "diptych.queue.depth", "Jobs that wait", QueueDepth::waiting);
      gauge(registry, kind, "diptych.queue.running", "Jobs that run", QueueDepth::running);
      gauge(
          registry,
          kind,
          "diptych.queue.oldest.age.seconds",
          "How long the oldest waiting job has waited",
          depth -> depth.oldestWait().toMillis() / 1000.0);
    }
  }

  private void gauge(
      MeterRegistry registry,
      JobKind kind,
      String name,
      String description,
      ToDoubleFunction<QueueDepth> part) {
    Gauge.builder(name, this, meters -> meters.value(kind, part))
        .description(description)
        .tag("kind", kind.name().toLowerCase(Locale.ROOT))
        .strongReference(true)
        .register(registry);
  }

  private synchronized double value(JobKind kind, ToDoubleFunction<QueueDepth> part) {
    if (!clock.instant().isBefore(staleAt)) {
      try {
        depths = jobs.depths();
      } catch (DataAccessException e) {
        log.debug("The depth of the queue is unknown while the database is away.", e);
        depths = Map.of();
      }
      // From the answer on: a database that is away takes longer to say so than a reading lasts.
      staleAt = clock.instant().plus(FRESH);
    }
    QueueDepth depth = depths.get(kind);
    return depth == null ? Double.NaN : part.applyAsDouble(depth);
  }
}
