package io.diptych.worker;

import io.diptych.job.ClaimedJob;
import io.diptych.job.JobKind;
import io.diptych.job.LaneCapacity;

/**
 * Does the work of one kind of job, one job at a time. A bean of the feature that owns the kind.
 */
public interface JobRunner {

  JobKind kind();

  /**
   * Runs a job to its end on the calling thread, which stays with the device.
   *
   * <p>Nothing it writes may become visible before the job has succeeded, except through {@link
   * JobProgress}: another run may have taken the job over. Content-addressed files are fine; rows
   * belong into {@link JobResult#publish()}.
   *
   * @return what the job leaves
   * @throws io.diptych.engine.RunStoppedException when the run control said so
   * @throws io.diptych.engine.EngineException as classified by the engine
   */
  JobResult run(ClaimedJob job, JobProgress progress);

  /**
   * What a lane on the device can run now. Asked before every claim; must not block.
   *
   * @param device for example {@code cpu} or {@code gpu0}
   */
  default LaneCapacity capacity(String device) {
    return LaneCapacity.UNLIMITED;
  }

  /** Whether the device still computes. Asked after every execution; must not block for long. */
  default boolean responds(String device) {
    return true;
  }
}
