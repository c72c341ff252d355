package io.diptych.worker;

import io.diptych.job.ClaimedJob;
import io.diptych.job.JobKind;
import io.diptych.job.LaneCapacity;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Who does the work of which kind. */
public final class Runners {

  private final Map<JobKind, JobRunner> single = new EnumMap<>(JobKind.class);
  private final Map<JobKind, BatchRunner> batch = new EnumMap<>(JobKind.class);

  /**
   * @throws IllegalStateException if two runners want the same kind
   */
  public Runners(List<JobRunner> single, List<BatchRunner> batch) {
    single.forEach(runner -> claim(this.single.put(runner.kind(), runner), runner.kind()));
    batch.forEach(runner -> claim(this.batch.put(runner.kind(), runner), runner.kind()));
    for (JobKind kind : this.single.keySet()) {
      if (this.batch.containsKey(kind)) {
        throw new IllegalStateException("Two runners want jobs of kind " + kind + ".");
      }
    }
  }

  private static void claim(Object before, JobKind kind) {
    if (before != null) {
      throw new IllegalStateException("Two runners want jobs of kind " + kind + ".");
    }
  }

  /** Kinds that can run here at all. */
  public Set<JobKind> kinds() {
    Set<JobKind> kinds = EnumSet.noneOf(JobKind.class);
    kinds.addAll(single.keySet());
    kinds.addAll(batch.keySet());
    return kinds;
  }

  LaneCapacity capacity(JobKind kind, String device) {
    if (batch.containsKey(kind)) {
      return batch.get(kind).capacity(device);
    }
    return single.containsKey(kind) ? single.get(kind).capacity(device) : LaneCapacity.UNABLE;
  }

  boolean responds(JobKind kind, String device) {
    return batches(kind) ? batch.get(kind).responds(device) : single.get(kind).responds(device);
  }

  boolean batches(JobKind kind) {
    return batch.containsKey(kind);
  }

  JobResult run(ClaimedJob job, JobProgress progress) {
    return single.get(job.kind()).run(job, progress);
  }

  List<JobOutcome> run(List<ClaimedJob> jobs, BatchRunner.Control control) {
    List<JobOutcome> outcomes = batch.get(jobs.get(0).kind()).run(jobs, control);
    if (outcomes.size() != jobs.size()) {
      throw new IllegalStateException(
          "The runner returned %d outcomes for %d jobs.".formatted(outcomes.size(), jobs.size()));
    }
    return outcomes;
  }
}
