package io.diptych.ops;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.logging.LogLevel;
import com.github.kagkarlsson.scheduler.task.helper.RecurringTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.github.kagkarlsson.scheduler.task.schedule.FixedDelay;
import io.diptych.job.ticket.NoTaskData;
import io.diptych.job.ticket.SchedulerTable;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/** Runs the chores on a scheduler of its own, with a table of its own. */
final class Housekeeper implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(Housekeeper.class);

  private static final String PREFIX = "diptych-";
  private static final SchedulerTable TABLE =
      // A newer version may have chores that this one does not know.
      new SchedulerTable("housekeeping_task", name -> name.startsWith(PREFIX));
  private static final int THREADS = 4;
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration HEARTBEAT = Duration.ofSeconds(5);
  private static final Duration STOP_WAIT = Duration.ofSeconds(5);
  private static final Duration NEVER = Duration.ofDays(36_500);

  private final DataSource dataSource;
  private final Scheduler scheduler;
  private volatile boolean running;

  Housekeeper(DataSource dataSource, List<HousekeepingTask> chores, Clock clock) {
    this.dataSource = dataSource;
    List<RecurringTask<Void>> tasks = chores.stream().map(Housekeeper::recurring).toList();
    this.scheduler =
        Scheduler.create(dataSource)
            .startTasks(tasks)
            .tableName(TABLE.name())
            .threads(THREADS)
            .pollUsingLockAndFetch(0.5, 1.0)
            .pollingInterval(POLL)
            .heartbeatInterval(HEARTBEAT)
            .deleteUnresolvedAfter(NEVER)
            .shutdownMaxWait(STOP_WAIT)
            .failureLogging(LogLevel.WARN, true)
            .serializer(new NoTaskData())
            .clock(clock::instant)
            .build();
  }

  private static RecurringTask<Void> recurring(HousekeepingTask chore) {
    return Tasks.recurring(PREFIX + chore.name(), FixedDelay.of(chore.every()))
        .execute(
            (instance, context) -> {
              int done = chore.run();
              if (done > 0) {
                log.info("Housekeeping {}: {}.", chore.name(), done);
              }
            });
  }

  @Override
  public void start() {
    TABLE.requireUnshared(dataSource);
    scheduler.start();
    running = true;
  }

  @Override
  public void stop() {
    scheduler.stop();
    running = false;
  }

  @Override
  public boolean isRunning() {
    return running;
  }
}
