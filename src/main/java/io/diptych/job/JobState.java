package io.diptych.job;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Where a job stands. The table below is the only place that says which change is legal; every
 * statement that changes a state takes its condition from {@link #before()}.
 */
public enum JobState {
  /** Waits for a lane. */
  QUEUED,
  /** A lane holds it. */
  RUNNING,
  /** A lane holds it and will stop within a step. */
  CANCEL_REQUESTED,
  /** Ended with a result. */
  SUCCEEDED,
  /** Ended with an error. */
  FAILED,
  /** Ended because its owner asked. */
  CANCELED,
  /** Ended because a deadline passed. */
  EXPIRED;

  private static final Map<JobState, Set<JobState>> NEXT = new EnumMap<>(JobState.class);

  static {
    NEXT.put(QUEUED, EnumSet.of(RUNNING, CANCELED, EXPIRED));
    // Back to QUEUED: handed back at a drain, or to be tried again after a failure.
    NEXT.put(RUNNING, EnumSet.of(QUEUED, CANCEL_REQUESTED, SUCCEEDED, FAILED, EXPIRED));
    // Whatever the lane brings back, the owner was promised that it ends canceled.
    NEXT.put(CANCEL_REQUESTED, EnumSet.of(CANCELED));
    NEXT.put(SUCCEEDED, EnumSet.noneOf(JobState.class));
    // Retry, under the same id.
    NEXT.put(FAILED, EnumSet.of(QUEUED));
    NEXT.put(CANCELED, EnumSet.of(QUEUED));
    NEXT.put(EXPIRED, EnumSet.of(QUEUED));
  }

  /** Whether a job in this state may go to that one. */
  public boolean mayBecome(JobState next) {
    return NEXT.get(this).contains(next);
  }

  /** The states from which a job may come into this one. */
  public Set<JobState> before() {
    return Arrays.stream(values())
        .filter(state -> state.mayBecome(this))
        .collect(Collectors.toCollection(() -> EnumSet.noneOf(JobState.class)));
  }

  /** Whether the job has ended; only its owner can change that, by a retry. */
  public boolean isFinal() {
    return switch (this) {
      case QUEUED, RUNNING, CANCEL_REQUESTED -> false;
      case SUCCEEDED, FAILED, CANCELED, EXPIRED -> true;
    };
  }

  /** Whether a lane holds the job. */
  public boolean isHeld() {
    return this == RUNNING || this == CANCEL_REQUESTED;
  }

  /** The table as a Mermaid state diagram, for the documentation. */
  public static String mermaid() {
    StringBuilder diagram = new StringBuilder("stateDiagram-v2\n    [*] --> QUEUED\n");
    for (JobState state : values()) {
      NEXT.get(state)
          .forEach(next -> diagram.append("    %s --> %s\n".formatted(state.name(), next.name())));
    }
    for (JobState state : values()) {
      if (state.isFinal()) {
        diagram.append("    %s --> [*]\n".formatted(state.name()));
      }
    }
    return diagram.toString();
  }
}
