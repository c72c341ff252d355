package io.diptych.worker;

import static io.diptych.worker.WorkerFixture.await;
import static io.diptych.worker.WorkerFixture.awaitState;
import static io.diptych.worker.WorkerFixture.decomposing;
import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.diptych.ChildJvm;
import io.diptych.database.EmbeddedServer;
import io.diptych.database.TestDatabase;
import io.diptych.job.Job;
import io.diptych.job.JobKind;
import io.diptych.job.JobState;
import io.diptych.job.QueueFixture;
import io.diptych.job.QueueSettings;
import io.diptych.job.ticket.TicketSettings;
import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutageTest {

  private static final int STEPS = 80;

  @Test
  void postgresStoppedAndStartedInMidRunLosesNothing(@TempDir Path directory) throws Exception {
    int port = portThatNoClientIsGiven();
    EmbeddedServer server = TestDatabase.embedded(directory, port);
    Semaphore steps = new Semaphore(40);
    CountDownLatch atForty = new CountDownLatch(1);
    CountDownLatch stepsInOutage = new CountDownLatch(10);
    FakeDecomposition runner =
        new FakeDecomposition(
            STEPS,
            (job, step) -> {
              if (step == 41) {
                atForty.countDown();
              }
              steps.acquire();
              if (step > 40) {
                stepsInOutage.countDown();
              }
            });
    try (HikariDataSource pool =
        WorkerFixture.pool(
            server.url(), server.username(), server.password(), Duration.ofMillis(500))) {
      Flyway.configure()
          .dataSource(server.url(), server.username(), server.password())
          .load()
          .migrate();
      QueueFixture api = QueueFixture.over(pool, Clock.systemUTC(), QueueSettings.defaults());
      TicketSettings tickets = WorkerFixture.WATCHFUL;
      Duration lease = tickets.heartbeat().multipliedBy(tickets.missedHeartbeats());
      try (WorkerFixture worker =
          WorkerFixture.start(
              pool,
              decomposing(runner),
              WorkerFixture.settings("one"),
              tickets,
              LaneListener.NONE)) {
        assertThat(worker.exits).isEmpty();
        List<Job> jobs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          jobs.add(api.submit(JobKind.DECOMPOSITION, "alice", "job " + i));
        }
        atForty.await();

        Instant stopped = Instant.now();
        server.close();
        steps.release(10);
        stepsInOutage.await();
        // Nobody can renew a ticket meanwhile, and nobody may count as dead for it.
        await().until(() -> Instant.now().isAfter(stopped.plus(lease)));
        server = TestDatabase.embedded(directory, port);
        Duration outage = Duration.between(stopped, Instant.now());
        steps.release(1000);

        for (Job job : jobs) {
          // The pool of the test itself may need a moment to notice that the server is back.
          await().ignoreExceptions().until(() -> api.read(job).state() == JobState.SUCCEEDED);
          Job done = api.read(job);
          assertThat(done.result().get("state").asLong())
              .isEqualTo(FakeDecomposition.expected(STEPS));
          assertThat(done.attempt()).isEqualTo(1);
        }
        System.out.printf(
            "PostgreSQL away for %d ms in mid-run: 10 steps were computed meanwhile, %d jobs done,"
                + " no step computed twice%n",
            outage.toMillis(), jobs.size());
        assertThat(runner.computed)
            .hasSize(3 * STEPS)
            .containsAll(IntStream.rangeClosed(1, STEPS).mapToObj(i -> "job 0:" + i).toList())
            .doesNotHaveDuplicates();
      }
    } finally {
      server.close();
    }
  }

  /** Below the ports that the kernel hands out: one of those may be taken while nobody listens. */
  private static int portThatNoClientIsGiven() throws IOException {
    for (int port = 20_000; ; port++) {
      try (ServerSocket free = new ServerSocket(port)) {
        return free.getLocalPort();
      } catch (BindException e) {
        assertThat(port).isLessThan(30_000);
      }
    }
  }

  @Test
  void aJobWhoseJvmIsKilledResumesInAnotherAndEndsInTheSameResult() {
    try (TestDatabase database = TestDatabase.create()) {
      QueueFixture api = QueueFixture.over(database, Clock.systemUTC());
      Job job = api.submit(JobKind.DECOMPOSITION, "alice", "killed");
      List<Job> backlog = new ArrayList<>();
      Instant killed;
      try (ChildJvm child = childWorker(database, STEPS, 40)) {
        child.awaitLine("step 40");
        child.kill();
        killed = Instant.now();
      }
      assertThat(api.read(job).state()).isEqualTo(JobState.RUNNING);
      for (int i = 0; i < 20; i++) {
        backlog.add(api.submit(JobKind.DECOMPOSITION, "alice", "later " + i));
      }

      FakeDecomposition second =
          new FakeDecomposition(
              STEPS, (any, step) -> Thread.sleep(2)); // The backlog takes a while.
      try (WorkerFixture worker =
          WorkerFixture.start(
              database.dataSource(),
              decomposing(second),
              WorkerFixture.settings("second"),
              WorkerFixture.WATCHFUL,
              LaneListener.NONE)) {
        assertThat(worker.exits).isEmpty();
        Job done = awaitState(api, job, JobState.SUCCEEDED);
        // Those of the backlog that ran meanwhile began at 0.
        List<Integer> resumedAt = second.resumedAt.stream().filter(step -> step > 0).toList();
        assertThat(resumedAt).containsExactly(25);
        System.out.printf(
            "kill -9 at step 40 of %d: resumed from step %d, done %d ms after the kill (death is"
                + " seen after %d ms of silence)%n",
            STEPS,
            resumedAt.get(0),
            Duration.between(killed, done.finishedAt()).toMillis(),
            WorkerFixture.WATCHFUL.heartbeat().toMillis()
                * WorkerFixture.WATCHFUL.missedHeartbeats());
        Job lastOfBacklog = awaitState(api, backlog.get(backlog.size() - 1), JobState.SUCCEEDED);
        assertThat(done.finishedAt())
            .as("it did not wait for the backlog")
            .isBefore(lastOfBacklog.startedAt());
        assertThat(done.attempt()).isEqualTo(2);
        assertThat(done.result().get("state").asLong())
            .isEqualTo(FakeDecomposition.expected(STEPS));
      }
    }
  }

  @Test
  void aJvmThatGetsSigtermHandsItsJobBackWithoutAnAttemptCounted() throws InterruptedException {
    try (TestDatabase database = TestDatabase.create()) {
      QueueFixture api = QueueFixture.over(database, Clock.systemUTC());
      Job job = api.submit(JobKind.DECOMPOSITION, "alice", "terminated");
      try (ChildJvm child = childWorker(database, 100_000, 0)) {
        child.awaitLine("step 40");
        child.terminate();
        child.awaitExit();
      }

      Job after = api.read(job);

      assertThat(after.state()).isEqualTo(JobState.QUEUED);
      assertThat(after.attempt()).isEqualTo(1);
      assertThat(api.queue.running().latestCheckpoint(job.id()).orElseThrow().step())
          .isGreaterThanOrEqualTo(40);
    }
  }

  @Test
  void jvmsThatStoodStillForLongerThanTicketsLastGoOn() throws InterruptedException {
    try (TestDatabase database = TestDatabase.create()) {
      QueueFixture api = QueueFixture.over(database, Clock.systemUTC());
      List<Job> jobs =
          List.of(
              api.submit(JobKind.DECOMPOSITION, "alice", "asleep"),
              api.submit(JobKind.DECOMPOSITION, "alice", "asleep, too"));
      try (ChildJvm one = childWorker(database, STEPS, 0);
          ChildJvm other = childWorker(database, STEPS, 0)) {
        List<ChildJvm> machine = List.of(one, other);
        for (int step = 20; step <= 60; step += 20) {
          for (ChildJvm child : machine) {
            child.awaitLine("step " + step);
          }
          machine.forEach(ChildJvm::standStill);
          Thread.sleep(4000);
          machine.forEach(ChildJvm::goOn);
        }
        for (Job job : jobs) {
          assertThat(awaitState(api, job, JobState.SUCCEEDED).attempt()).isEqualTo(1);
          assertThat(api.queue.jobs().attempts(job.tenant(), job.id())).hasSize(1);
        }
      }
    }
  }

  private static ChildJvm childWorker(TestDatabase database, int steps, int last) {
    return ChildJvm.start(
        ChildWorker.class,
        List.of("-Xmx256m", "-XX:TieredStopAtLevel=1"),
        database.url(),
        database.user(),
        database.password(),
        String.valueOf(steps),
        String.valueOf(last));
  }
}
