package io.diptych.worker;

import io.diptych.job.ClaimedJob;
import io.diptych.job.JobState;
import io.diptych.job.RunningJobs;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The runs of this process, for whoever has something to tell them. A job may have two: one that
 * hangs in its lane, and the next in another.
 */
final class Runs {

  private final Set<Run> runs = ConcurrentHashMap.newKeySet();

  void add(Run run) {
    runs.add(run);
  }

  void remove(Run run) {
    runs.remove(run);
  }

  void cancel(UUID job) {
    runs.stream().filter(run -> run.job().id().equals(job)).forEach(Run::signalCancel);
  }

  /** Tells the runs what no notification told them. */
  void lookUp(RunningJobs running) {
    Collection<Run> known = all();
    if (known.isEmpty()) {
      return;
    }
    Map<ClaimedJob, JobState> held = running.held(known.stream().map(Run::job).toList());
    for (Run run : known) {
      JobState state = held.get(run.job());
      if (state == null) {
        run.signalFenceLost();
      } else if (state == JobState.CANCEL_REQUESTED) {
        run.signalCancel();
      }
    }
  }

  Collection<Run> all() {
    return List.copyOf(runs);
  }
}
