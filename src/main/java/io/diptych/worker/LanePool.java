package io.diptych.worker;

import io.diptych.job.JobKind;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Which lanes are free. A lane for two kinds is wanted by the tickets of both; the kind that finds
 * it taken stops picking tickets (others may have a lane for them) until it is free.
 */
final class LanePool {

  private final List<Lane> free;
  private final Set<JobKind> turnedAway = EnumSet.noneOf(JobKind.class);
  private final Set<JobKind> resting = EnumSet.noneOf(JobKind.class);
  private final Consumer<JobKind> pause;
  private final Consumer<JobKind> resume;

  LanePool(List<Lane> lanes, Consumer<JobKind> pause, Consumer<JobKind> resume) {
    this.free = new ArrayList<>(lanes);
    this.pause = pause;
    this.resume = resume;
  }

  synchronized Optional<Lane> enter(JobKind kind) {
    Optional<Lane> found = free.stream().filter(lane -> lane.kinds().contains(kind)).findFirst();
    if (found.isPresent()) {
      free.remove(found.get());
    } else {
      turnedAway.add(kind);
      pause.accept(kind);
    }
    return found;
  }

  synchronized void leave(Lane lane) {
    free.add(lane);
    for (JobKind kind : lane.kinds()) {
      if (turnedAway.remove(kind)) {
        resume.accept(kind);
      }
    }
  }

  /** Nothing of the kind can run here now: no tickets until {@link #lookAgain}. */
  synchronized void rest(JobKind kind) {
    resting.add(kind);
    pause.accept(kind);
  }

  /** Ends all rests; called every second. */
  synchronized void lookAgain() {
    resting.forEach(
        kind -> {
          if (!turnedAway.contains(kind)) {
            resume.accept(kind);
          }
        });
    resting.clear();
  }

  /** Whether the other kind waits for this lane: then kinds take turns, job by job. */
  synchronized boolean wantedByOthers(Lane lane, JobKind kind) {
    return turnedAway.stream().anyMatch(other -> other != kind && lane.kinds().contains(other));
  }

  synchronized boolean isFree(Lane lane) {
    return free.contains(lane);
  }
}
