package io.diptych.worker;

import io.diptych.engine.EngineException;
import io.diptych.engine.RunStoppedException;
import io.diptych.job.Claim;
import io.diptych.job.ClaimRequest;
import io.diptych.job.ClaimedJob;
import io.diptych.job.FenceLostException;
import io.diptych.job.Job;
import io.diptych.job.JobKind;
import io.diptych.job.JobQueue;
import io.diptych.job.JobState;
import io.diptych.job.LaneCapacity;
import io.diptych.job.RunningJobs;
import io.diptych.job.ticket.Ticket;
import io.diptych.job.ticket.TicketHandler;
import io.diptych.job.ticket.TicketOutcome;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a lane does with a ticket: claim, run, say how it ended, and again until nothing is left.
 *
 * <p>Looking again is what keeps tickets and jobs in balance: a ticket that found only jobs behind
 * their tenant's running cap was spent, and the lane that ends one of the tenant's jobs is the one
 * that takes the next.
 */
final class LaneWork implements TicketHandler {

  private static final Logger log = LoggerFactory.getLogger(LaneWork.class);

  private static final TicketOutcome SPENT = new TicketOutcome.Spent();
  private static final TicketOutcome LOST = new TicketOutcome.Lost();
  private static final TicketOutcome GIVE_BACK = new TicketOutcome.GiveBack();

  private static final Duration DATABASE_PAUSE = Duration.ofMillis(500);

  private final JobQueue queue;
  private final Runners runners;
  private final LanePool pool;
  private final Runs runs;
  private final WorkerSettings settings;
  private final Clock clock;
  private final LaneListener listener;
  private final ProcessExit exit;

  LaneWork(
      JobQueue queue,
      Runners runners,
      LanePool pool,
      Runs runs,
      WorkerSettings settings,
      Clock clock,
      LaneListener listener,
      ProcessExit exit) {
    this.queue = queue;
    this.runners = runners;
    this.pool = pool;
    this.runs = runs;
    this.settings = settings;
    this.clock = clock;
    this.listener = listener;
    this.exit = exit;
  }

  @Override
  public TicketOutcome run(JobKind kind, Ticket ticket) {
    Optional<Lane> entered = pool.enter(kind);
    if (entered.isEmpty()) {
      return GIVE_BACK;
    }
    Lane lane = entered.get();
    LogContext context = LogContext.lane(lane.name());
    try {
      return work(kind, lane, ticket);
    } catch (RuntimeException | Error e) {
      log.error("The lane failed outside a run; its ticket is tried again.", e);
      throw e;
    } finally {
      context.close();
      pool.leave(lane);
    }
  }

  private TicketOutcome work(JobKind kind, Lane lane, Ticket ticket) {
    while (true) {
      if (ticket.lease().draining() || !ticket.lease().alive()) {
        return GIVE_BACK;
      }
      LaneCapacity capacity = runners.capacity(kind, lane.device());
      if (!capacity.able()) {
        pool.rest(kind);
        return GIVE_BACK;
      }
      ClaimRequest request =
          new ClaimRequest(
              ticket.id(),
              ticket.version(),
              kind,
              settings.name(),
              lane.name(),
              runners.batches(kind) ? settings.batch() : 1,
              capacity);
      Optional<Claim> answer = claim(request, ticket.lease());
      if (answer.isEmpty()) {
        return GIVE_BACK;
      }
      Claim claim = answer.get();
      if (claim instanceof Claim.Nothing) {
        listener.claimedNothing(kind);
        return SPENT;
      }
      if (claim instanceof Claim.NotHere) {
        listener.claimedNothing(kind);
        pool.rest(kind);
        return GIVE_BACK;
      }
      if (claim instanceof Claim.LeaseLost) {
        return LOST;
      }
      if (claim instanceof Claim.Taken taken) {
        boolean inTime = execute(kind, lane, taken.jobs(), ticket.lease());
        // A device that hangs would hold this look, too, and no watchdog looks at it.
        if (inTime && !ticket.lease().draining() && !runners.responds(kind, lane.device())) {
          leaveDevice(lane);
          return GIVE_BACK;
        }
      }
      if (pool.wantedByOthers(lane, kind)) {
        return GIVE_BACK;
      }
    }
  }

  /** Would else fail one job after the other, faster than other workers can take them. */
  private void leaveDevice(Lane lane) {
    String reason =
        "The device %s no longer computes, and only a new process can use it again. The process ends"
                .formatted(lane.device())
            + " so that its supervisor starts a fresh one.";
    log.error(reason);
    exit.exit(reason);
  }

  /**
   * Claims, and asks again while the database is away: the claim may have been committed and its
   * answer lost, and only this pick of the ticket gets it again without an attempt counted.
   *
   * @return empty at a drain
   */
  private Optional<Claim> claim(ClaimRequest request, Ticket.Lease lease) {
    boolean waited = false;
    while (true) {
      try {
        return Optional.of(queue.claims().claim(request));
      } catch (RuntimeException e) {
        if (!Failure.databaseAway(e)) {
          throw e;
        }
        if (!waited) {
          log.warn("The lane's next claim waits for the database ({}).", e.getMessage());
          waited = true;
        }
        if (lease.draining() || !pause()) {
          return Optional.empty();
        }
      }
    }
  }

  @Override
  public void abandoned(UUID ticket, long version) {
    queue.claims().release(ticket, version);
  }

  /** Says whether no run was stuck. */
  private boolean execute(JobKind kind, Lane lane, List<ClaimedJob> jobs, Ticket.Lease lease) {
    listener.claimed(kind, jobs.size());
    List<Run> batch = new ArrayList<>();
    for (ClaimedJob job : jobs) {
      listener.started(kind, Duration.ofMillis(job.waitedMillis()));
      Run run = new Run(job, lane.device(), queue.running(), lease, settings, clock, listener);
      batch.add(run);
      runs.add(run);
    }
    LogContext context = LogContext.jobs(jobs);
    try {
      log.info("Begins {}.", jobs.size() == 1 ? "to run the job" : "to run a batch of jobs");
      if (runners.batches(kind)) {
        runBatch(batch, lease);
      } else {
        batch.forEach(run -> runOne(run, lease));
      }
    } finally {
      batch.forEach(runs::remove);
      context.close();
    }
    return batch.stream().allMatch(run -> run.stuckSince().isEmpty());
  }

  private void runOne(Run run, Ticket.Lease lease) {
    try {
      JobResult result = watched(List.of(run), () -> runners.run(run.job(), run));
      succeed(run, result, lease);
    } catch (RunStoppedException e) {
      stopped(run, lease);
    } catch (RuntimeException | Error e) {
      fail(run, e, lease);
    }
  }

  private void runBatch(List<Run> batch, Ticket.Lease lease) {
    List<ClaimedJob> jobs = batch.stream().map(Run::job).toList();
    List<JobOutcome> outcomes;
    try {
      outcomes = watched(batch, () -> runners.run(jobs, control(batch)));
    } catch (RuntimeException | Error e) {
      if (batch.size() > 1 && Failure.of(e).mayBeOneJobsFault()) {
        log.warn("The batch failed as a whole; its jobs are run one by one.", e);
        batch.forEach(run -> logged(run, () -> runAlone(run, e, lease)));
      } else {
        batch.forEach(run -> logged(run, () -> fail(run, e, lease)));
      }
      return;
    }
    for (int i = 0; i < batch.size(); i++) {
      Run run = batch.get(i);
      JobOutcome outcome = outcomes.get(i);
      logged(run, () -> end(run, outcome, lease));
    }
  }

  /** What happens to one run of a batch is logged under its own job. */
  private static void logged(Run run, Runnable work) {
    LogContext context = LogContext.jobs(List.of(run.job()));
    try {
      work.run();
    } finally {
      context.close();
    }
  }

  private void end(Run run, JobOutcome outcome, Ticket.Lease lease) {
    if (outcome instanceof JobOutcome.Succeeded succeeded) {
      succeed(run, succeeded.result(), lease);
    } else if (outcome instanceof JobOutcome.Failed failed) {
      fail(run, failed.cause(), lease);
    } else {
      stopped(run, lease);
    }
  }

  private void runAlone(Run run, Throwable thrown, Ticket.Lease lease) {
    if (run.stuckSince().isPresent()) {
      fail(run, thrown, lease);
    } else {
      runBatch(List.of(run), lease);
    }
  }

  /** The watchdog looks after runs only while their runner has them. */
  private static <T> T watched(List<Run> runs, Supplier<T> work) {
    runs.forEach(Run::enterRunner);
    try {
      return work.get();
    } finally {
      runs.forEach(Run::leaveRunner);
      // The watchdog's interrupt was for these runs, not for the lane.
      if (runs.stream().anyMatch(run -> run.stuckSince().isPresent())) {
        Thread.interrupted();
      }
    }
  }

  private BatchRunner.Control control(List<Run> batch) {
    return new BatchRunner.Control() {
      @Override
      public String device() {
        return batch.get(0).device();
      }

      @Override
      public boolean stopRequested(UUID job) {
        return batch.stream()
            .filter(run -> run.job().id().equals(job))
            .anyMatch(Run::stopRequested);
      }

      @Override
      public void forward(int pictures) {
        batch.forEach(Run::showLife);
        listener.forward(batch.get(0).job().kind(), pictures);
      }
    };
  }

  private void succeed(Run run, JobResult result, Ticket.Lease lease) {
    RunningJobs running = queue.running();
    try {
      conclude(run, () -> running.succeed(run.job(), result.value(), result.publish()));
    } catch (RuntimeException e) {
      fail(run, e, lease);
    }
  }

  private void stopped(Run run, Ticket.Lease lease) {
    RunningJobs running = queue.running();
    Optional<Run.Stop> reason = run.stopReason();
    if (reason.isEmpty()) {
      fail(run, new IllegalStateException("The run stopped although nobody asked."), lease);
      return;
    }
    switch (reason.get()) {
      case CANCELED, DRAINING -> conclude(run, () -> running.handBack(run.job()));
      case EXPIRED -> conclude(run, () -> running.expire(run.job()));
      case FENCE_LOST -> lost(run);
    }
  }

  private void fail(Run run, Throwable thrown, Ticket.Lease lease) {
    if (thrown instanceof FenceLostException || run.stuckSince().isPresent()) {
      lost(run);
      return;
    }
    if (lease.draining() && mayComeOfAnInterrupt(thrown)) {
      // Lanes that take too long are interrupted; what breaks then is not the job's fault.
      log.info("The run was cut off by the drain ({}).", String.valueOf(thrown));
      conclude(run, () -> queue.running().handBack(run.job()));
      return;
    }
    Failure failure = Failure.of(thrown);
    log.warn("The run failed: {} ({}).", failure.reason(), failure.message(), thrown);
    conclude(run, () -> queue.running().fail(run.job(), failure.reason(), failure.message()));
  }

  /** The engine tells of an interrupted download or read as of a model that is not there. */
  private static boolean mayComeOfAnInterrupt(Throwable thrown) {
    return !(thrown instanceof EngineException known)
        || known.kind() == EngineException.Kind.MODEL_UNAVAILABLE
        || known.kind() == EngineException.Kind.DEVICE_FAILURE;
  }

  private void lost(Run run) {
    log.info("Another run holds the job now; this one ends without a trace.");
    listener.fenceLost(run.job().kind());
  }

  /** Writes how a run ended, and waits for the database if it is away: the work is done. */
  private void conclude(Run run, Supplier<Job> write) {
    JobKind kind = run.job().kind();
    // An interrupt was for the run, which is over; this write is what the grace period is for.
    Thread.interrupted();
    boolean waited = false;
    while (true) {
      try {
        Job after = write.get();
        listener.ended(kind, after.state(), Duration.between(run.startedAt(), clock.instant()));
        if (after.state() == JobState.CANCELED && after.cancelRequestedAt() != null) {
          listener.canceled(kind, Duration.between(after.cancelRequestedAt(), clock.instant()));
        }
        log.info("The job is {}.", after.state());
        return;
      } catch (FenceLostException e) {
        lost(run);
        return;
      } catch (RuntimeException e) {
        if (!Failure.databaseAway(e)) {
          throw e;
        }
        if (!waited) {
          log.warn("The end of the run waits for the database ({}).", e.getMessage());
          waited = true;
        }
        if (!pause()) {
          log.error(
              "The worker goes down before the database is back. The job is taken up again by"
                  + " another one, from its newest checkpoint.");
          return;
        }
      }
    }
  }

  private static boolean pause() {
    try {
      Thread.sleep(DATABASE_PAUSE.toMillis());
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
