package io.diptych.worker;

import io.diptych.job.JobKind;
import io.diptych.job.JobQueue;
import io.diptych.job.JobSignals;
import io.diptych.job.ticket.TicketCounter;
import io.diptych.job.ticket.TicketSettings;
import java.time.Clock;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The lanes of this process, from start to drain. */
public final class Worker {

  private static final Logger log = LoggerFactory.getLogger(Worker.class);

  private static final long WATCH_MILLIS = 1000;

  private final JobQueue queue;
  private final Runners runners;
  private final List<Lane> lanes;
  private final LanePool pool;
  private final Runs runs = new Runs();
  private final Watchdog watchdog;
  private final Map<JobKind, TicketCounter> counters = new EnumMap<>(JobKind.class);
  private final List<JobSignals.Subscription> subscriptions = new ArrayList<>();
  private final AtomicBoolean drained = new AtomicBoolean();
  private final ScheduledExecutorService watch =
      Executors.newSingleThreadScheduledExecutor(daemons("watchdog"));

  /**
   * @param settings with the name of this process set
   * @param exit how to end the process when a lane hangs in native code
   */
  public Worker(
      DataSource dataSource,
      JobQueue queue,
      Runners runners,
      WorkerSettings settings,
      TicketSettings tickets,
      Clock clock,
      LaneListener listener,
      ProcessExit exit) {
    this.queue = queue;
    this.runners = runners;
    Set<JobKind> kinds = runners.kinds();
    this.lanes =
        Lane.on(settings.devices()).stream()
            .filter(lane -> lane.kinds().stream().anyMatch(kinds::contains))
            .toList();
    this.pool =
        new LanePool(
            lanes, kind -> counters.get(kind).pause(), kind -> counters.get(kind).resume());
    this.watchdog = new Watchdog(runs, queue.running(), settings.stuckGrace(), clock, exit);
    LaneWork work = new LaneWork(queue, runners, pool, runs, settings, clock, listener, exit);
    for (JobKind kind : kinds) {
      int count = (int) lanes.stream().filter(lane -> lane.kinds().contains(kind)).count();
      if (count > 0) {
        counters.put(
            kind,
            new TicketCounter(
                dataSource,
                kind,
                count,
                settings.name(),
                tickets,
                clock,
                platformThreads("lane-" + kind.name().toLowerCase(Locale.ROOT)),
                work,
                () -> listener.heartbeatFailed(kind)));
      }
    }
  }

  /**
   * Begins to take jobs.
   *
   * @throws IllegalStateException if a ticket table is used by someone else
   */
  public void start() {
    if (lanes.isEmpty()) {
      log.warn("No lane can run anything here: there is no runner for any kind of job.");
    }
    subscriptions.add(queue.signals().onCancel(runs::cancel));
    counters.forEach(
        (kind, counter) -> {
          counter.open();
          subscriptions.add(queue.signals().onQueued(kind, counter::wake));
        });
    watch.scheduleWithFixedDelay(
        this::lookSafely, WATCH_MILLIS, WATCH_MILLIS, TimeUnit.MILLISECONDS);
    log.info("Lanes: {}.", lanes.stream().map(Lane::name).toList());
  }

  /**
   * Takes no more jobs and waits until those that run have written a checkpoint and gone back to
   * the queue.
   */
  public void drain() {
    if (!drained.compareAndSet(false, true)) {
      return;
    }
    subscriptions.forEach(JobSignals.Subscription::close);
    subscriptions.clear();
    List<Thread> drains = new ArrayList<>();
    counters.forEach(
        (kind, counter) -> {
          Thread drain = new Thread(counter::drain, "drain-" + kind);
          drain.start();
          drains.add(drain);
        });
    for (Thread drain : drains) {
      try {
        drain.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    watch.shutdownNow();
  }

  /** How the lanes are. */
  public List<LaneStatus> lanes() {
    return lanes.stream().map(this::status).toList();
  }

  private LaneStatus status(Lane lane) {
    boolean busy = !pool.isFree(lane);
    boolean stuck = runs.all().stream().anyMatch(run -> run.stuckSince().isPresent());
    boolean able =
        lane.kinds().stream().anyMatch(kind -> runners.capacity(kind, lane.device()).able());
    return new LaneStatus(lane.name(), lane.device(), lane.kinds(), able && !(busy && stuck), busy);
  }

  private void lookSafely() {
    try {
      pool.lookAgain();
      watchdog.look();
    } catch (RuntimeException | Error e) { // A timer whose task throws once never runs it again.
      log.error("The watchdog failed; it looks again.", e);
    }
    try {
      runs.lookUp(queue.running());
    } catch (RuntimeException | Error e) {
      log.debug("Whether runs were canceled could not be looked up; next look.", e);
    }
  }

  private static ThreadFactory platformThreads(String prefix) {
    AtomicInteger number = new AtomicInteger();
    return task -> new Thread(task, prefix + "-" + number.incrementAndGet());
  }

  private static ThreadFactory daemons(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }
}
