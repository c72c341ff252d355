package io.diptych.job;

import java.util.UUID;

/** A write came from a run that no longer holds its job; nothing was written. */
public final class FenceLostException extends RuntimeException {

  private final UUID job;
  private final long fence;

  FenceLostException(UUID job, long fence) {
    super(
        "Job %s is no longer held under fence %d; another run may have taken it over. Nothing was"
            + " written.".formatted(job, fence));
    this.job = job;
    this.fence = fence;
  }

  public UUID job() {
    return job;
  }

  public long fence() {
    return fence;
  }
}
