package io.diptych.job;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One time a lane took a job.
 *
 * @param number 1-based; a run that was handed back and its continuation share a number
 * @param fence what its writes carried
 * @param batchSize jobs that ran together
 * @param outcome null while it runs
 * @param reason why it failed
 * @param lastStep the last step that was reported
 */
public record Attempt(
    int number,
    long fence,
    String worker,
    String lane,
    int batchSize,
    Instant startedAt,
    @Nullable Instant endedAt,
    @Nullable Outcome outcome,
    @Nullable FailureReason reason,
    @Nullable String message,
    @Nullable Integer lastStep) {

  /** How it ended. */
  public enum Outcome {
    SUCCEEDED,
    FAILED,
    CANCELED,
    EXPIRED,
    HANDED_BACK
  }
}
