package io.diptych.worker;

import io.diptych.engine.RunControl;
import io.diptych.engine.StepReport;
import io.diptych.job.ClaimedJob;
import io.diptych.job.FenceLostException;
import io.diptych.job.JobState;
import io.diptych.job.Progress;
import io.diptych.job.RunningJobs;
import io.diptych.job.ticket.Ticket;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One job in a lane: what the engine asks after every step, and what others (a cancel signal, the
 * watchdog) tell it meanwhile.
 *
 * <p>A cancel is seen within one step: by the signal, which costs nothing to look at, or else by
 * the state that comes back with the progress write. Runs that write no progress learn what no
 * signal told from the look-up of every second.
 */
final class Run implements JobProgress, RunControl {

  private static final Logger log = LoggerFactory.getLogger(Run.class);

  private static final Duration FIRST_BACKOFF = Duration.ofSeconds(1);
  private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(10);

  /** Why a run was told to stop. */
  enum Stop {
    CANCELED(false),
    EXPIRED(true),
    DRAINING(true),
    FENCE_LOST(false);

    /** Whether a checkpoint is of use, and work that is complete already. */
    final boolean mayGoOnLater;

    Stop(boolean mayGoOnLater) {
      this.mayGoOnLater = mayGoOnLater;
    }
  }

  private final ClaimedJob job;
  private final String device;
  private final RunningJobs running;
  private final Ticket.Lease lease;
  private final WorkerSettings settings;
  private final Clock clock;
  private final LaneListener listener;
  private final Thread thread = Thread.currentThread();
  private final Instant startedAt;
  private final StepTimes steps = new StepTimes();
  private final Map<String, Double> losses = new HashMap<>();

  private volatile boolean cancelSignaled;
  private volatile boolean fenceLost;
  private volatile Instant lastSignOfLife;
  private volatile @Nullable Instant stuckSince;

  /**
   * Whether the runner has it. Before and after, its lane waits for others: mates, the database.
   */
  private boolean inRunner;

  private Instant lastWrite = Instant.MIN;
  private Instant lastCheckpoint;
  private boolean checkpointOwed;
  private Instant databaseBackAt = Instant.MIN;
  private Duration backoff = FIRST_BACKOFF;

  Run(
      ClaimedJob job,
      String device,
      RunningJobs running,
      Ticket.Lease lease,
      WorkerSettings settings,
      Clock clock,
      LaneListener listener) {
    this.job = job;
    this.device = device;
    this.running = running;
    this.lease = lease;
    this.settings = settings;
    this.clock = clock;
    this.listener = listener;
    this.startedAt = clock.instant();
    this.lastSignOfLife = startedAt;
    this.lastCheckpoint = startedAt;
  }

  ClaimedJob job() {
    return job;
  }

  Instant startedAt() {
    return startedAt;
  }

  /** Why the run should end now. Reasons do not go away, but a stronger one may take over. */
  Optional<Stop> stopReason() {
    if (fenceLost) {
      return Optional.of(Stop.FENCE_LOST);
    }
    if (cancelSignaled) {
      return Optional.of(Stop.CANCELED);
    }
    if (job.finishBy() != null && !clock.instant().isBefore(job.finishBy())) {
      return Optional.of(Stop.EXPIRED);
    }
    return lease.draining() ? Optional.of(Stop.DRAINING) : Optional.empty();
  }

  void signalCancel() {
    cancelSignaled = true;
  }

  void signalFenceLost() {
    fenceLost = true;
  }

  @Override
  public String device() {
    return device;
  }

  @Override
  public RunControl control() {
    return this;
  }

  @Override
  public boolean stopRequested() {
    return stopReason().isPresent();
  }

  @Override
  public Directive afterStep(StepReport report) {
    Instant now = clock.instant();
    lastSignOfLife = now;
    steps.add(report.millis());
    listener.step(job.kind(), Duration.ofNanos(Math.round(report.millis() * 1e6)));
    String phase = report.kind().name();
    if (Double.isFinite(report.loss())) {
      losses.put(phase.toLowerCase(Locale.ROOT), report.loss());
    }
    boolean last = report.step() >= report.totalSteps();
    if (!cancelSignaled && !fenceLost && writeIsDue(now, last)) {
      write(
          now,
          new Progress(report.step(), report.totalSteps(), phase, losses, steps.medianMillis()));
    }
    return directive(now, report.step(), last);
  }

  private Directive directive(Instant now, int step, boolean last) {
    Optional<Stop> reason = stopReason();
    if (reason.isPresent() && !reason.get().mayGoOnLater) {
      return Directive.STOP;
    }
    if (last) {
      return Directive.CONTINUE;
    }
    if (reason.isPresent()) {
      return Directive.CHECKPOINT_AND_STOP;
    }
    boolean due =
        step % settings.checkpointSteps() == 0
            || !now.isBefore(lastCheckpoint.plus(settings.checkpointEvery()));
    if (due) {
      checkpointOwed = true;
    }
    return checkpointOwed && !databaseIsAway(now) ? Directive.CHECKPOINT : Directive.CONTINUE;
  }

  private boolean writeIsDue(Instant now, boolean last) {
    if (databaseIsAway(now)) {
      return false;
    }
    // Someone may have taken the job over: the fence tells.
    return last
        || !lease.alive()
        || now.isBefore(lastWrite) // The clock was set back.
        || lastWrite.equals(Instant.MIN)
        || !now.isBefore(lastWrite.plus(settings.progressEvery()));
  }

  private boolean databaseIsAway(Instant now) {
    return now.isBefore(databaseBackAt);
  }

  private void write(Instant now, Progress progress) {
    try {
      JobState state = running.progress(job, progress);
      lastWrite = now;
      backoff = FIRST_BACKOFF;
      if (state == JobState.CANCEL_REQUESTED) {
        cancelSignaled = true;
      }
    } catch (FenceLostException e) {
      fenceLost = true;
    } catch (RuntimeException e) {
      databaseFailed(e, "report its progress");
    }
  }

  /** A run outlives an outage of the database: it computes on and writes later. */
  private void databaseFailed(RuntimeException e, String what) {
    if (!Failure.databaseAway(e)) {
      throw e;
    }
    log.warn(
        "The run could not {} ({}); it goes on and tries again in {} s.",
        what,
        e.getMessage(),
        backoff.toSeconds());
    databaseBackAt = clock.instant().plus(backoff);
    Duration doubled = backoff.multipliedBy(2);
    backoff = doubled.compareTo(LONGEST_BACKOFF) > 0 ? LONGEST_BACKOFF : doubled;
  }

  @Override
  public void checkpoint(int step, byte[] checkpoint) {
    Instant before = clock.instant();
    try {
      running.checkpoint(job, step, checkpoint);
      Instant after = clock.instant();
      lastCheckpoint = after;
      checkpointOwed = false;
      listener.checkpoint(job.kind(), Duration.between(before, after), checkpoint.length);
    } catch (FenceLostException e) {
      fenceLost = true;
    } catch (RuntimeException e) {
      databaseFailed(e, "store a checkpoint");
    }
  }

  @Override
  public Optional<byte[]> resumeFrom() {
    return running.latestCheckpoint(job.id()).map(RunningJobs.Checkpoint::content);
  }

  @Override
  public void preview(int step, Runnable publish) {
    try {
      running.preview(job, step, publish);
    } catch (FenceLostException e) {
      fenceLost = true;
    } catch (RuntimeException e) {
      databaseFailed(e, "announce a preview");
    }
  }

  /** How long the run may go without a sign of life. */
  private Duration patience() {
    if (steps.count() < 2) {
      return settings.firstStepWithin();
    }
    Duration limit = Duration.ofMillis(Math.round(settings.stuckFactor() * steps.medianMillis()));
    return limit.compareTo(settings.stuckAtLeast()) < 0 ? settings.stuckAtLeast() : limit;
  }

  /** The runner gets it. */
  synchronized void enterRunner() {
    inRunner = true;
    lastSignOfLife = clock.instant();
  }

  /** The runner has returned; how the run ended is for its lane to say, however long that takes. */
  synchronized void leaveRunner() {
    inRunner = false;
  }

  /** The runner has got somewhere. */
  void showLife() {
    lastSignOfLife = clock.instant();
  }

  synchronized boolean isInRunner() {
    return inRunner;
  }

  /**
   * Gives the run up if it is stuck: its thread is asked to return. A runner that returns meanwhile
   * waits for the answer, so that its end is written by its lane or by the watchdog, and the
   * interrupt never hits what the lane does next.
   *
   * @param putBack gives the job to others; if it throws, the run goes on
   */
  synchronized void giveUpIfStuck(Instant now, Runnable putBack) {
    if (!inRunner || stuckSince != null || !now.isAfter(lastSignOfLife.plus(patience()))) {
      return;
    }
    putBack.run();
    stuckSince = now;
    fenceLost = true;
    thread.interrupt();
  }

  Optional<Instant> stuckSince() {
    return Optional.ofNullable(stuckSince);
  }

  Duration silence(Instant now) {
    return Duration.between(lastSignOfLife, now);
  }
}
