package io.diptych.worker;

/** How one job of a batch came out. */
public sealed interface JobOutcome {

  /** It has a result, also where it was to stop but was complete already. */
  record Succeeded(JobResult result) implements JobOutcome {}

  /**
   * It alone failed.
   *
   * @param cause classified like the exception of a whole run
   */
  record Failed(RuntimeException cause) implements JobOutcome {}

  /** It is unfinished because the control said that it should stop; the lane knows why. */
  record Stopped() implements JobOutcome {}
}
