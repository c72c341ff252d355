package io.diptych.job;

import java.util.List;

/** What a lane got for its ticket. */
public sealed interface Claim {

  /**
   * Jobs to run now, together.
   *
   * @param jobs one, or several with the same batch key
   * @param resumed whether an earlier holder of the ticket died with the job
   */
  record Taken(List<ClaimedJob> jobs, boolean resumed) implements Claim {
    public Taken {
      jobs = List.copyOf(jobs);
    }
  }

  /** Nothing waits that may run now. The ticket is spent. */
  record Nothing() implements Claim {}

  /** Something waits, but this lane lacks the model or the memory. The ticket is for another. */
  record NotHere() implements Claim {}

  /** The ticket was given to another lane meanwhile. This one has nothing to say any more. */
  record LeaseLost() implements Claim {}
}
