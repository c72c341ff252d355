package io.diptych.job;

import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which jobs of a tenant to list, newest first.
 *
 * @param kind null: any
 * @param states empty: any
 * @param labels all of them must be equal
 * @param createdFrom only jobs created at this time or later; null: however old
 * @param createdBefore only jobs created before this time; null: however young
 * @param before only jobs older than this one; null: from the newest
 * @param limit most jobs to return
 */
public record JobQuery(
    String tenant,
    @Nullable JobKind kind,
    Set<JobState> states,
    Map<String, String> labels,
    @Nullable Instant createdFrom,
    @Nullable Instant createdBefore,
    @Nullable UUID before,
    int limit) {

  public JobQuery {
    states = Set.copyOf(states);
    labels = Map.copyOf(labels);
    if (limit < 1) {
      throw new IllegalArgumentException("A page has at least one job, not " + limit + ".");
    }
  }

  /** Jobs of whatever age. */
  public JobQuery(
      String tenant,
      @Nullable JobKind kind,
      Set<JobState> states,
      Map<String, String> labels,
      @Nullable UUID before,
      int limit) {
    this(tenant, kind, states, labels, null, null, before, limit);
  }
}
