package io.diptych.job;

import java.util.UUID;

/** A job cannot be changed as asked from the state it is in; nothing was changed. */
public final class IllegalTransitionException extends RuntimeException {

  private final UUID job;
  private final JobState state;

  IllegalTransitionException(UUID job, JobState state, String wish) {
    super("Job %s is %s and cannot be %s.".formatted(job, state, wish));
    this.job = job;
    this.state = state;
  }

  public UUID job() {
    return job;
  }

  /** The state it is in. */
  public JobState state() {
    return state;
  }
}
