package io.diptych.job.ticket;

import com.github.kagkarlsson.scheduler.CurrentlyExecuting;
import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.event.AbstractSchedulerListener;
import com.github.kagkarlsson.scheduler.logging.LogLevel;
import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.Execution;
import com.github.kagkarlsson.scheduler.task.ExecutionContext;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.CustomTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import io.diptych.job.JobKind;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the lanes of one process pick up the tickets of one kind: a db-scheduler with as many
 * threads as there are lanes for the kind, so that no ticket is picked before a lane is free.
 */
public final class TicketCounter {

  private static final Logger log = LoggerFactory.getLogger(TicketCounter.class);

  /** Longer than anyone will run this: the library's deletion of unknown tasks never happens. */
  private static final Duration NEVER = Duration.ofDays(36_500);

  /** After a handler failed, which means the database was away. */
  private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);

  private final JobKind kind;
  private final DataSource dataSource;
  private final Scheduler scheduler;

  /** How long a ticket is held without being renewed. */
  private final Duration lease;

  /** As long as nothing may happen here while the process runs. */
  private final Duration quiet;

  /**
   * From when on a silent holder counts as dead. While the database was away nobody could renew a
   * ticket; all who live have done so once it has been back for as long as a ticket lasts.
   */
  private volatile Instant trusted = Instant.MIN;

  /** When the library last did something here. It looks for the dead every second heartbeat. */
  private Instant lastSeen = Instant.MAX;

  /**
   * @param lanes threads
   * @param worker name of the process, shown in the table
   * @param threads makes the lanes' threads; platform threads, because device contexts stick to
   *     them
   * @param onFailedHeartbeat told when a renewal of a ticket failed
   */
  public TicketCounter(
      DataSource dataSource,
      JobKind kind,
      int lanes,
      String worker,
      TicketSettings settings,
      Clock clock,
      ThreadFactory threads,
      TicketHandler handler,
      Runnable onFailedHeartbeat) {
    this.kind = kind;
    this.dataSource = dataSource;
    this.lease = settings.heartbeat().multipliedBy(settings.missedHeartbeats());
    this.quiet = lease.minus(settings.heartbeat());
    CustomTask<Void> task =
        Tasks.custom(SchedulerTable.task(kind), Void.class)
            .onFailure(
                (complete, operations) -> {
                  abandon(complete.getExecution(), handler);
                  operations.reschedule(complete, clock.instant().plus(AFTER_FAILURE));
                })
            .onDeadExecution(
                (complete, operations) -> {
                  Instant now = clock.instant();
                  mindTheGap(now);
                  if (!now.isBefore(trusted) && !isHere(complete.getExecution())) {
                    abandon(complete.getExecution(), handler);
                    operations.reschedule(complete, clock.instant());
                  } // Else the library offers it again.
                })
            .execute((instance, context) -> run(instance, context, handler, clock));
    this.scheduler =
        Scheduler.create(dataSource, task)
            .tableName(SchedulerTable.of(kind).name())
            .schedulerName(new SchedulerName.Fixed(worker))
            .threads(lanes)
            .executorService(Executors.newFixedThreadPool(lanes, threads))
            .pollUsingLockAndFetch(0.5, 1.0)
            .pollingInterval(settings.poll())
            .heartbeatInterval(settings.heartbeat())
            .missedHeartbeatsLimit(settings.missedHeartbeats())
            .deleteUnresolvedAfter(NEVER)
            .shutdownMaxWait(settings.drainWait())
            .failureLogging(LogLevel.INFO, false)
            .serializer(new NoTaskData())
            .clock(clock::instant)
            .addSchedulerListener(
                new AbstractSchedulerListener() {
                  @Override
                  public void onExecutionFailedHeartbeat(CurrentlyExecuting executing) {
                    onFailedHeartbeat.run();
                  }

                  @Override
                  public void onSchedulerEvent(SchedulerEventType event) {
                    mindTheGap(clock.instant());
                    switch (event) {
                      case UNEXPECTED_ERROR, FAILED_HEARTBEAT, COMPLETIONHANDLER_ERROR ->
                          trusted = clock.instant().plus(lease);
                      default -> {}
                    }
                  }
                })
            .build();
  }

  /**
   * Begins to pick tickets.
   *
   * @throws IllegalStateException if the table holds tasks of someone else
   */
  public void open() {
    SchedulerTable.of(kind).requireUnshared(dataSource);
    scheduler.start();
  }

  /** Looks for tickets now instead of at the next poll. */
  public void wake() {
    scheduler.triggerCheckForDueExecutions();
  }

  /** Picks nothing until {@link #resume}: the lanes are busy with another kind. */
  public void pause() {
    scheduler.pause();
  }

  public void resume() {
    scheduler.resume();
    scheduler.triggerCheckForDueExecutions();
  }

  /** Picks nothing more, tells the lanes to hand back what they have and waits for them. */
  public void drain() {
    scheduler.stop();
  }

  /**
   * A process that stood still (a laptop asleep, a frozen machine) does not know whether others
   * stood still with it: they get as long as a ticket lasts to renew what they have.
   */
  private synchronized void mindTheGap(Instant now) {
    if (lastSeen.isBefore(now.minus(quiet))) {
      trusted = now.plus(lease);
    }
    lastSeen = now;
  }

  /**
   * Whether a lane of this process has this very pick. One that stood still for longer than a
   * ticket lasts (a laptop asleep, a frozen container) may look before it has renewed its own.
   */
  private boolean isHere(Execution execution) {
    return scheduler.getCurrentlyExecuting().stream()
        .map(CurrentlyExecuting::getExecution)
        .anyMatch(
            own ->
                own.taskInstance.equals(execution.taskInstance)
                    && own.version == execution.version);
  }

  /** Before the ticket is due again: its jobs must not wait until a lane happens to pick it. */
  private static void abandon(Execution execution, TicketHandler handler) {
    try {
      handler.abandoned(UUID.fromString(execution.taskInstance.getId()), execution.version);
    } catch (RuntimeException e) {
      log.warn(
          "What ticket {} held is not free yet ({}); whoever picks the ticket sees to it.",
          execution.taskInstance.getId(),
          e.getMessage());
    }
  }

  private CompletionHandler<Void> run(
      TaskInstance<Void> instance, ExecutionContext context, TicketHandler handler, Clock clock) {
    Ticket ticket =
        new Ticket(
            UUID.fromString(instance.getId()), context.getExecution().version, lease(context));
    TicketOutcome outcome = handler.run(kind, ticket);
    return (complete, operations) -> {
      try {
        if (outcome instanceof TicketOutcome.Spent) {
          operations.remove();
        } else if (outcome instanceof TicketOutcome.GiveBack) {
          operations.reschedule(complete, clock.instant());
        } else {
          log.info("Ticket {} went to another lane; this one leaves it alone.", ticket.id());
        }
      } catch (RuntimeException e) {
        // Its version moved on, or the database is away: then it counts as dead and is revived.
        log.info("Ticket {} is no longer in this lane's hands ({}).", ticket.id(), e.getMessage());
      }
    };
  }

  private static Ticket.Lease lease(ExecutionContext context) {
    return new Ticket.Lease() {
      @Override
      public boolean draining() {
        return context.getSchedulerState().isShuttingDown();
      }

      @Override
      public boolean alive() {
        return context.getCurrentlyExecuting().getHeartbeatState().getFailedHeartbeats() == 0
            && context.getCurrentlyExecuting().getHeartbeatState().getFractionDead() < 1;
      }
    };
  }
}
