package io.diptych.worker;

import io.diptych.job.ClaimedJob;
import io.diptych.job.JobKind;
import io.diptych.job.LaneCapacity;
import java.util.List;
import java.util.UUID;

/** Does the work of one kind of job for several jobs at once. A bean of the feature. */
public interface BatchRunner {

  JobKind kind();

  /**
   * Runs jobs with the same batch key on the calling thread.
   *
   * <p>A job that is wrong in itself gets a {@link JobOutcome.Failed} and does not harm its mates.
   * An exception concerns them all; when it may be the fault of one, they are run again one by one.
   *
   * @return one outcome per job, in their order
   */
  List<JobOutcome> run(List<ClaimedJob> batch, Control control);

  /** See {@link JobRunner#capacity}. */
  default LaneCapacity capacity(String device) {
    return LaneCapacity.UNLIMITED;
  }

  /** See {@link JobRunner#responds}. */
  default boolean responds(String device) {
    return true;
  }

  /** What a batch may ask while it runs. */
  interface Control {
    /** Where the batch is to compute, for example {@code cpu} or {@code gpu0}. */
    String device();

    /**
     * Whether work on the job should end unfinished: its owner canceled it, its deadline has
     * passed, another run has it, or the process goes down. Once true, always true.
     */
    boolean stopRequested(UUID job);

    /** Tells that one forward of the model has made so many pictures, of whichever jobs. */
    void forward(int pictures);
  }
}
