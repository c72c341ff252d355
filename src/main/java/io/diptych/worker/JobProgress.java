package io.diptych.worker;

import io.diptych.engine.RunControl;

/** How a runner reports and learns whether to go on. Used on the thread of the run alone. */
public interface JobProgress {

  /** Where the job is to compute, for example {@code cpu} or {@code gpu0}. */
  String device();

  /** For the engine: progress, checkpoints, the checkpoint to go on from, and when to stop. */
  RunControl control();

  /**
   * Announces that the preview of a step can be fetched; the runner has stored it.
   *
   * @param publish writes the rows that show it, together with the announcement; left out when
   *     another run holds the job or the database is away
   */
  void preview(int step, Runnable publish);

  /**
   * Whether the run should end (canceled, too late, taken over, or the process goes down); for work
   * outside the engine's steps.
   */
  boolean stopRequested();
}
