package io.diptych.http.access;

import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * One token bucket per tenant, in memory: each instance of the service counts for itself, so the
 * limit of a deployment is that of one instance times their number.
 */
class RequestRates {

  private static final Duration WINDOW = Duration.ofMinutes(1);
  private static final int MANY = 10_000;

  private final int requestsPerMinute;
  private final TimeMeter time;
  private final Map<Tenant, Bucket> buckets = new ConcurrentHashMap<>();

  RequestRates(RateLimitProperties limits, Clock clock) {
    this.requestsPerMinute = limits.requestsPerMinute();
    this.time = new ClockMeter(clock);
  }

  /**
   * What counting one request gave.
   *
   * @param limit requests per minute
   * @param remaining requests that may follow at once
   * @param pause how long until the next one is allowed, or until all are when this one was
   */
  record Count(boolean allowed, int limit, long remaining, Duration pause) {}

  boolean unlimited() {
    return requestsPerMinute == 0;
  }

  Count count(Tenant tenant) {
    if (buckets.size() > MANY) {
      // A full bucket says the same as none.
      buckets.values().removeIf(bucket -> bucket.getAvailableTokens() >= requestsPerMinute);
    }
    ConsumptionProbe probe =
        buckets.computeIfAbsent(tenant, any -> fresh()).tryConsumeAndReturnRemaining(1);
    long nanos =
        probe.isConsumed() ? probe.getNanosToWaitForReset() : probe.getNanosToWaitForRefill();
    return new Count(
        probe.isConsumed(), requestsPerMinute, probe.getRemainingTokens(), Duration.ofNanos(nanos));
  }

  private Bucket fresh() {
    Bandwidth perMinute =
        Bandwidth.builder()
            .capacity(requestsPerMinute)
            .refillGreedy(requestsPerMinute, WINDOW)
            .build();
    return Bucket.builder().withCustomTimePrecision(time).addLimit(perMinute).build();
  }

  private record ClockMeter(Clock clock) implements TimeMeter {

    @Override
    public long currentTimeNanos() {
      return TimeUnit.MILLISECONDS.toNanos(clock.millis());
    }

    @Override
    public boolean isWallClockBased() {
      return true;
    }
  }
}
