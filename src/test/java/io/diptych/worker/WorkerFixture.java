package io.diptych.worker;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.diptych.job.Job;
import io.diptych.job.JobSignals;
import io.diptych.job.JobState;
import io.diptych.job.QueueFixture;
import io.diptych.job.QueueSettings;
import io.diptych.job.SignalListener;
import io.diptych.job.ticket.TicketSettings;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import javax.sql.DataSource;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** A worker as another process would be one: a queue, a listener and lanes of its own. */
final class WorkerFixture implements AutoCloseable {

  /** Polls often; only a machine that stands still for half a minute takes a worker for dead. */
  static final TicketSettings PATIENT =
      new TicketSettings(
          Duration.ofMillis(200), Duration.ofMillis(200), 150, Duration.ofSeconds(5));

  /** For a worker that is to see the death of another, in three seconds. */
  static final TicketSettings WATCHFUL =
      new TicketSettings(Duration.ofMillis(200), Duration.ofMillis(500), 6, Duration.ofSeconds(5));

  final QueueFixture fixture;
  final Worker worker;
  final List<String> exits = new CopyOnWriteArrayList<>();
  private final SignalListener signals;

  private WorkerFixture(
      DataSource dataSource,
      Runners runners,
      WorkerSettings settings,
      TicketSettings tickets,
      LaneListener listener) {
    this.fixture = QueueFixture.over(dataSource, Clock.systemUTC(), QueueSettings.defaults());
    this.signals = new SignalListener(dataSource, fixture.queue.signals(), Duration.ofMillis(200));
    this.worker =
        new Worker(
            dataSource,
            fixture.queue,
            runners,
            settings,
            tickets,
            Clock.systemUTC(),
            listener,
            exits::add);
  }

  /** Returns when the worker hears notifications: what is told before is told to nobody. */
  static WorkerFixture start(
      DataSource dataSource,
      Runners runners,
      WorkerSettings settings,
      TicketSettings tickets,
      LaneListener listener) {
    WorkerFixture started = new WorkerFixture(dataSource, runners, settings, tickets, listener);
    CountDownLatch listening = new CountDownLatch(1);
    // Of a job that nobody has, the only news is that the listener has begun to listen.
    JobSignals.Subscription beginning =
        started.fixture.queue.signals().onChange(UUID.randomUUID(), listening::countDown);
    started.worker.start();
    started.signals.start();
    await().until(() -> listening.getCount() == 0);
    beginning.close();
    return started;
  }

  /** A worker that hears no notification: all it has is its polls and its own writes. */
  static WorkerFixture startDeaf(
      DataSource dataSource, Runners runners, WorkerSettings settings, LaneListener listener) {
    WorkerFixture started = new WorkerFixture(dataSource, runners, settings, PATIENT, listener);
    started.worker.start();
    return started;
  }

  static WorkerFixture start(DataSource dataSource, String name, Runners runners) {
    return start(dataSource, runners, settings(name), PATIENT, LaneListener.NONE);
  }

  static Runners decomposing(JobRunner runner) {
    return new Runners(List.of(runner), List.of());
  }

  static Runners generating(BatchRunner runner) {
    return new Runners(List.of(), List.of(runner));
  }

  /** Writes progress at every step. */
  static WorkerSettings settings(String name) {
    return settings(name, List.of("cpu"), Duration.ofSeconds(30), Duration.ZERO);
  }

  static WorkerSettings settings(
      String name, List<String> devices, Duration stuckAtLeast, Duration progressEvery) {
    return new WorkerSettings(
        name,
        devices,
        8,
        25,
        Duration.ofSeconds(60),
        progressEvery,
        20,
        stuckAtLeast,
        Duration.ofMinutes(5),
        Duration.ofMillis(500));
  }

  static HikariDataSource pool(String url, String user, String password, Duration timeout) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setUsername(user);
    config.setPassword(password);
    config.setMaximumPoolSize(10);
    config.setConnectionTimeout(timeout.toMillis());
    return new HikariDataSource(config);
  }

  static ConditionFactory await() {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(20));
  }

  static Job awaitState(QueueFixture fixture, Job job, JobState state) {
    await().until(() -> fixture.read(job).state() == state);
    return fixture.read(job);
  }

  @Override
  public void close() {
    worker.drain();
    signals.stop();
  }
}
