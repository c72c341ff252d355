package io.diptych.worker;

/** How one job of a batch came out. */
public sealed interface JobOutcome {

  /** It has a result. */
  record Succeeded(JobResult result) implements JobOutcome {}

  /**
   * It alone failed.
   *
   * @param cause classified like the exception of a whole run
   */
  record Failed(RuntimeException cause) implements JobOutcome {}
}
