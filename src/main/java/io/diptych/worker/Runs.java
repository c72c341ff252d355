package io.diptych.worker;

import io.diptych.job.JobState;
import io.diptych.job.RunningJobs;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** The runs of this process, by job, for whoever has something to tell them. */
final class Runs {

  private final Map<UUID, Run> byJob = new ConcurrentHashMap<>();

  void add(Run run) {
    byJob.put(run.job().id(), run);
  }

  void remove(Run run) {
    byJob.remove(run.job().id(), run);
  }

  void cancel(UUID job) {
    Run run = byJob.get(job);
    if (run != null) {
      run.signalCancel();
    }
  }

  /** Tells the runs what no notification told them. */
  void lookUp(RunningJobs running) {
    Collection<Run> runs = all();
    if (runs.isEmpty()) {
      return;
    }
    Map<UUID, JobState> held = running.held(runs.stream().map(Run::job).toList());
    for (Run run : runs) {
      JobState state = held.get(run.job().id());
      if (state == null) {
        run.signalFenceLost();
      } else if (state == JobState.CANCEL_REQUESTED) {
        run.signalCancel();
      }
    }
  }

  Collection<Run> all() {
    return List.copyOf(byJob.values());
  }
}
