package io.diptych.ops;

import io.diptych.job.JobState;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Chores ({@code diptych.housekeeping.*}).
 *
 * @param enabled whether this process takes part; null: if it runs jobs. Set it on API processes
 *     when workers may be scaled to zero
 * @param keep how long a job is kept after it ended, by final state; a state that is missing is
 *     kept for ever
 * @param expireEvery how often deadlines are looked at
 * @param removeEvery how often old jobs are removed
 * @param repairEvery how often tickets and jobs are compared
 * @param sweepEvery how often the store is searched for blobs that belong to nothing; lists all of
 *     it
 * @param orphansAfter blobs that belong to nothing are deleted when they are older
 */
@ConfigurationProperties("diptych.housekeeping")
record HousekeepingSettings(
    @Nullable Boolean enabled,
    @DefaultValue Map<JobState, Duration> keep,
    @DefaultValue("2s") Duration expireEvery,
    @DefaultValue("1h") Duration removeEvery,
    @DefaultValue("1m") Duration repairEvery,
    @DefaultValue("6h") Duration sweepEvery,
    @DefaultValue("24h") Duration orphansAfter) {

  /** A number without a unit means milliseconds, and what is removed does not come back. */
  private static final Duration SHORTEST = Duration.ofMinutes(1);

  HousekeepingSettings {
    keep = Map.copyOf(keep);
    keep.forEach(
        (state, time) -> {
          if (!state.isFinal()) {
            throw new IllegalArgumentException(
                "diptych.housekeeping.keep." + state + ": only jobs that have ended are removed.");
          }
          if (!time.isZero() && time.compareTo(SHORTEST) < 0) {
            throw new IllegalArgumentException(
                "diptych.housekeeping.keep.%s is %d ms. Write a unit, as in 30d; 0 keeps nothing."
                    .formatted(state, time.toMillis()));
          }
        });
    if (orphansAfter.compareTo(SHORTEST) < 0) {
      throw new IllegalArgumentException(
          "diptych.housekeeping.orphans-after is %d ms, in which a submission may be under way."
                  .formatted(orphansAfter.toMillis())
              + " Write at least a minute, as in 24h.");
    }
  }
}
