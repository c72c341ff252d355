package io.diptych.job;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Rules of the queue ({@code diptych.queue.*}).
 *
 * @param queuedCap most waiting jobs per tenant, unless its row in {@code tenant_share} says else
 * @param runningCap most running jobs per tenant, batch mates included
 * @param totalQueuedCap most waiting jobs of all tenants; may be overshot by submits at the same
 *     instant
 * @param ageing waiting time that is worth one level of priority
 * @param infrastructureRetries repeats after a lost worker, a stuck run or a device failure, taken
 *     together
 * @param dependencyRetries repeats after the database or the store was away; with the waits between
 *     them they must outlast an outage
 * @param outOfMemoryRetries repeats after the device ran out of memory
 * @param numericRetries repeats after a divergence; the same request diverges again
 * @param retryDelay wait before a repeat, doubled with every further one up to five minutes
 * @param eventsKept events kept per job for replay
 * @param startWithin a job that waits longer for a lane expires, unless it was submitted with a
 *     deadline of its own; 0: it waits for ever
 * @param finishWithin a job that has not ended so long after it was queued expires, unless it was
 *     submitted with a deadline of its own; 0: never
 */
@ConfigurationProperties("diptych.queue")
public record QueueSettings(
    @DefaultValue("200") int queuedCap,
    @DefaultValue("16") int runningCap,
    @DefaultValue("10000") int totalQueuedCap,
    @DefaultValue("5m") Duration ageing,
    @DefaultValue("3") int infrastructureRetries,
    @DefaultValue("50") int dependencyRetries,
    @DefaultValue("1") int outOfMemoryRetries,
    @DefaultValue("0") int numericRetries,
    @DefaultValue("2s") Duration retryDelay,
    @DefaultValue("1024") int eventsKept,
    @DefaultValue("24h") Duration startWithin,
    @DefaultValue("72h") Duration finishWithin) {

  private static final Duration LONGEST_DELAY = Duration.ofMinutes(5);

  public QueueSettings {
    if (ageing.isNegative() || ageing.isZero()) {
      throw new IllegalArgumentException("diptych.queue.ageing must be positive, not " + ageing);
    }
    if (eventsKept < 1) {
      throw new IllegalArgumentException("diptych.queue.events-kept must be at least 1.");
    }
    if (startWithin.isNegative() || finishWithin.isNegative()) {
      throw new IllegalArgumentException(
          "diptych.queue: start-within and finish-within must not be negative; 0 is no limit.");
    }
  }

  /** The defaults. */
  public static QueueSettings defaults() {
    return new QueueSettings(
        200,
        16,
        10_000,
        Duration.ofMinutes(5),
        3,
        50,
        1,
        0,
        Duration.ofSeconds(2),
        1024,
        Duration.ofHours(24),
        Duration.ofHours(72));
  }

  /**
   * How long a repeat waits.
   *
   * @param times failures that count with the last one, itself included
   */
  Duration delay(FailureReason reason, int times) {
    if (reason == FailureReason.WORKER_LOST) {
      return Duration.ZERO; // Finding out took long enough.
    }
    Duration doubled = retryDelay.multipliedBy(1L << Math.min(times - 1, 20));
    Duration longest = retryDelay.compareTo(LONGEST_DELAY) > 0 ? retryDelay : LONGEST_DELAY;
    return doubled.compareTo(longest) > 0 ? longest : doubled;
  }

  int retries(FailureReason reason) {
    return switch (reason) {
      case WORKER_LOST, STUCK, DEVICE_FAILURE -> infrastructureRetries;
      case DEPENDENCY_FAILURE -> dependencyRetries;
      case OUT_OF_MEMORY -> outOfMemoryRetries;
      case NUMERIC_DIVERGENCE -> numericRetries;
      case MODEL_UNAVAILABLE, INVALID_REQUEST, INCOMPATIBLE_ARTIFACT, INTERNAL -> 0;
    };
  }
}
