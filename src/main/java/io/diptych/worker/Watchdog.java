package io.diptych.worker;

import io.diptych.job.FailureReason;
import io.diptych.job.FenceLostException;
import io.diptych.job.RunningJobs;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds runs that make no progress. Their jobs go back to the queue at once, for another lane; if
 * the thread does not return either, native code holds it and only the end of the process frees the
 * device.
 */
final class Watchdog {

  private static final Logger log = LoggerFactory.getLogger(Watchdog.class);

  /** Looks come every second. If the last one was so long ago, the whole process stood still. */
  private static final Duration STANDSTILL = Duration.ofSeconds(10);

  private final Runs runs;
  private final RunningJobs running;
  private final Duration grace;
  private final Clock clock;
  private final ProcessExit exit;
  private Instant lastLook = Instant.MAX;

  Watchdog(Runs runs, RunningJobs running, Duration grace, Clock clock, ProcessExit exit) {
    this.runs = runs;
    this.running = running;
    this.grace = grace;
    this.clock = clock;
    this.exit = exit;
  }

  void look() {
    try {
      Instant now = clock.instant();
      if (lastLook.isBefore(now.minus(STANDSTILL))) {
        // A laptop asleep, a frozen container: no run is to blame for its silence.
        runs.all().forEach(Run::showLife);
      }
      judge(now);
    } finally {
      lastLook = clock.instant(); // Not before: a look may wait for the database.
    }
  }

  private void judge(Instant now) {
    for (Run run : runs.all()) {
      if (run.stuckSince().isEmpty()) {
        giveUpIfStuck(run, now);
      } else if (run.isInRunner() && now.isAfter(run.stuckSince().get().plus(grace))) {
        String reason =
            "The run of job %s has been stuck for %d s and its thread does not return. The process"
                    .formatted(run.job().id(), run.silence(now).toSeconds())
                + " ends so that its supervisor starts a fresh one; the job is queued again.";
        log.error(reason);
        exit.exit(reason);
      }
    }
  }

  private void giveUpIfStuck(Run run, Instant now) {
    try {
      run.giveUpIfStuck(now, () -> putBack(run, now));
    } catch (RuntimeException e) {
      log.warn("The stuck job {} could not be put back; next look.", run.job().id(), e);
    }
  }

  private void putBack(Run run, Instant now) {
    log.error(
        "Job {} made no progress for {} s. It goes back to the queue and its lane is told to stop.",
        run.job().id(),
        run.silence(now).toSeconds());
    try {
      running.fail(
          run.job(),
          FailureReason.STUCK,
          "The run made no progress for %d s.".formatted(run.silence(now).toSeconds()));
    } catch (FenceLostException e) {
      log.info("Job {} had been taken over already.", run.job().id());
    }
  }
}
