package io.diptych.job;

/**
 * Why a run failed. Each reason has its own number of repeats (see {@link QueueSettings}) and its
 * own entry in the error catalogue for the case that they are used up.
 */
public enum FailureReason {
  /** The process that ran it died or lost its lease. */
  WORKER_LOST("job-failed", true),
  /** It made no progress for much longer than a step takes. */
  STUCK("job-failed", true),
  /** The native library or the device failed. */
  DEVICE_FAILURE("job-failed", true),
  /** The database or the store was away when the run needed it. */
  DEPENDENCY_FAILURE("job-failed", true),
  /** The device or the heap ran out of memory. */
  OUT_OF_MEMORY("out-of-memory", true),
  /** A loss or an embedding became infinite or NaN; it would do so again. */
  NUMERIC_DIVERGENCE("numeric-divergence", false),
  /** A model file is missing or damaged. */
  MODEL_UNAVAILABLE("model-unavailable", true),
  /** The request is wrong in a way that only the run could find. */
  INVALID_REQUEST("validation", false),
  /** The artifact was learned on another model or is damaged. */
  INCOMPATIBLE_ARTIFACT("incompatible-artifact", false),
  /** A defect of the service. */
  INTERNAL("internal", false);

  private final String code;
  private final boolean retryable;

  FailureReason(String code, boolean retryable) {
    this.code = code;
    this.retryable = retryable;
  }

  /** Slug in the error catalogue. */
  public String code() {
    return code;
  }

  /** Whether the same request may succeed later. */
  public boolean retryable() {
    return retryable;
  }

  /** Whether both are counted against one number of repeats. */
  boolean countsWith(FailureReason other) {
    return this == other || (isOfTheWorker() && other.isOfTheWorker());
  }

  private boolean isOfTheWorker() {
    return switch (this) {
      case WORKER_LOST, STUCK, DEVICE_FAILURE -> true;
      default -> false;
    };
  }

  JobError error(String message) {
    return new JobError(code, message, retryable);
  }

  /** Whether the run may have harmed, or been harmed by, those that shared its batch. */
  boolean runsAloneAfterwards() {
    return switch (this) {
      case WORKER_LOST, STUCK, DEVICE_FAILURE, OUT_OF_MEMORY -> true;
      default -> false;
    };
  }
}
