package io.diptych.job;

/** What a job says that came too late. */
final class Deadlines {

  static final JobError START_ERROR =
      new JobError(
          "deadline-exceeded",
          "No lane was free before the deadline to start. Retry it, or allow more time.",
          true);

  static final JobError FINISH_ERROR =
      new JobError(
          "deadline-exceeded",
          "The job had not ended by its deadline. Retry it, or allow more time; it goes on where it"
              + " stopped.",
          true);

  private Deadlines() {}
}
