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
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;

/** How much waits and runs in the whole cluster; every process reports the same. */
@Component
final class QueueMeters implements MeterBinder {

  private static final Logger log = LoggerFactory.getLogger(QueueMeters.class);

  /** One query serves all gauges of a scrape. */
  private static final Duration FRESH = Duration.ofSeconds(5);

  private final Jobs jobs;
  private final Clock clock;

  QueueMeters(Jobs jobs, Clock clock) {
    this.jobs = jobs;
    this.clock = clock;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    for (JobKind kind : JobKind.values()) {
      Reading reading = new Reading(kind);
      gauge(registry, reading, "diptych.queue.depth", "Jobs that wait", QueueDepth::waiting);
      gauge(registry, reading, "diptych.queue.running", "Jobs that run", QueueDepth::running);
      gauge(
          registry,
          reading,
          "diptych.queue.oldest.age.seconds",
          "How long the oldest waiting job has waited",
          depth -> depth.oldestWait().toMillis() / 1000.0);
    }
  }

  private static void gauge(
      MeterRegistry registry,
      Reading reading,
      String name,
      String description,
      ToDoubleFunction<QueueDepth> value) {
    Gauge.builder(name, reading, from -> from.value(value))
        .description(description)
        .tag("kind", reading.kind.name().toLowerCase(Locale.ROOT))
        .strongReference(true)
        .register(registry);
  }

  private final class Reading {
    private final JobKind kind;
    private @Nullable QueueDepth last;
    private Instant readAt = Instant.MIN;

    private Reading(JobKind kind) {
      this.kind = kind;
    }

    private synchronized double value(ToDoubleFunction<QueueDepth> part) {
      Instant now = clock.instant();
      if (readAt.equals(Instant.MIN) || !now.isBefore(readAt.plus(FRESH))) {
        readAt = now;
        try {
          last = jobs.depth(kind);
        } catch (DataAccessException e) {
          log.debug("The depth of the queue is unknown while the database is away.", e);
          last = null;
        }
      }
      return last == null ? Double.NaN : part.applyAsDouble(last);
    }
  }
}
