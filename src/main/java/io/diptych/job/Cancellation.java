package io.diptych.job;

/**
 * What became of the wish to cancel a job.
 *
 * @param job as it stands now
 */
public record Cancellation(Outcome outcome, Job job) {

  /** What became of it. */
  public enum Outcome {
    /** It was waiting and has ended; it will never run. */
    CANCELED,
    /** It runs; its lane will end it within a step. Asking again changes nothing. */
    REQUESTED,
    /** It had been canceled before. */
    ALREADY_CANCELED,
    /** It has ended in another way; nothing was changed. */
    TOO_LATE
  }
}
