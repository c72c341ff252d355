package io.diptych.job;

/** What a job says that came too late. */
final class Deadlines {

  static final JobError START_ERROR =
      new JobError(
          "deadline-exceeded",
          "No lane that has its model was free before the deadline to start. Retry it when the queue"
              + " is shorter; if the model has changed, send the request again.",
          true);

  static final JobError FINISH_ERROR =
      new JobError(
          "deadline-exceeded",
          "The job had not ended by its deadline. Retry it; it goes on from its newest checkpoint"
              + " if it has one. If the model has changed, send the request again.",
          true);

  private Deadlines() {}
}
