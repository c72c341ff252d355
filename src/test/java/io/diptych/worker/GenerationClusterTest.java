package io.diptych.worker;

import static io.diptych.job.QueueFixture.request;
import static io.diptych.worker.WorkerFixture.await;
import static io.diptych.worker.WorkerFixture.awaitState;
import static io.diptych.worker.WorkerFixture.generating;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.diptych.database.TestDatabase;
import io.diptych.engine.EngineException;
import io.diptych.job.Attempt;
import io.diptych.job.ClaimedJob;
import io.diptych.job.Job;
import io.diptych.job.JobKind;
import io.diptych.job.JobState;
import io.diptych.job.QueueDepth;
import io.diptych.job.QueueFixture;
import io.diptych.job.QueueSettings;
import io.diptych.job.Submission;
import io.diptych.job.ticket.TicketSettings;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GenerationClusterTest {

  private TestDatabase database;
  private QueueFixture api;
  private final List<WorkerFixture> workers = new ArrayList<>();

  @BeforeEach
  void open() {
    database = TestDatabase.create();
    QueueSettings roomy =
        new QueueSettings(
            1000,
            16,
            10_000,
            Duration.ofMinutes(5),
            3,
            50,
            1,
            0,
            Duration.ofMillis(50),
            1024,
            Duration.ZERO,
            Duration.ZERO);
    api = QueueFixture.over(database.dataSource(), Clock.systemUTC(), roomy);
  }

  @AfterEach
  void close() {
    workers.forEach(WorkerFixture::close);
    database.close();
  }

  private void worker(String name, BatchRunner runner) {
    workers.add(WorkerFixture.start(database.dataSource(), name, generating(runner)));
  }

  private Job submit(String tenant, String name) {
    return api.queue
        .jobs()
        .submit(
            Submission.of(JobKind.GENERATION, tenant, request(name)).batchKey("pocket").build());
  }

  @Test
  void twoWorkersRun500JobsEachOnceInBatches() {
    int count = 500;
    // A batch takes as long as one picture, as on a device.
    FakeGeneration first = new FakeGeneration(batch -> LockSupport.parkNanos(50_000_000));
    FakeGeneration second = new FakeGeneration(batch -> LockSupport.parkNanos(50_000_000));
    worker("one", first);
    worker("two", second);
    Instant begun = Instant.now();
    for (int i = 0; i < count; i++) {
      submit("tenant-" + i % 3, "picture " + i);
    }

    await().until(() -> api.queue.jobs().depths().get(JobKind.GENERATION).equals(nothing()));

    Duration took = Duration.between(begun, Instant.now());
    Map<UUID, Long> succeeded =
        api
            .sql
            .sql("select job_id, count(*) as runs from attempt group by job_id")
            .query(
                (row, number) ->
                    Map.entry(row.getObject("job_id", UUID.class), row.getLong("runs")))
            .list()
            .stream()
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    assertThat(succeeded).hasSize(count).allSatisfy((id, runs) -> assertThat(runs).isOne());
    assertThat(first.runs.keySet()).doesNotContainAnyElementsOf(second.runs.keySet());
    assertThat(first.runs.size() + second.runs.size()).isEqualTo(count);
    assertThat(
            api.sql
                .sql("select count(*) from job where state = 'SUCCEEDED'")
                .query(Integer.class)
                .single())
        .isEqualTo(count);
    List<Integer> batches = new ArrayList<>(first.batches);
    batches.addAll(second.batches);
    double mean = batches.stream().mapToInt(Integer::intValue).average().orElse(0);
    System.out.printf(
        "two workers, %d generation jobs: each done once, %d and %d; %d batches, mean %.2f of at"
            + " most 8; %d ms%n",
        count, first.runs.size(), second.runs.size(), batches.size(), mean, took.toMillis());
    assertThat(first.runs).isNotEmpty();
    assertThat(second.runs).isNotEmpty();
  }

  @Test
  void aBacklogFormsFullBatchesAndLeavesNoTicketBehind() {
    int count = 80;
    for (int i = 0; i < count; i++) {
      submit("tenant-" + i % 4, "picture " + i);
    }
    FakeGeneration runner = new FakeGeneration(batch -> {});
    worker("one", runner);

    await().until(() -> api.queue.jobs().depths().get(JobKind.GENERATION).equals(nothing()));

    System.out.printf("backlog of %d jobs: batches %s%n", count, runner.batches);
    assertThat(runner.batches).hasSize(count / 8).allMatch(size -> size == 8);
    await().until(() -> api.tickets.all().isEmpty());
  }

  @Test
  void aJobThatIsWrongInItselfDoesNotHarmItsMates() {
    List<Job> jobs = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      jobs.add(submit("a", i == 2 ? "bad" : "good"));
    }
    worker(
        "one",
        new FakeGeneration(
            batch -> {
              if (batch.stream().anyMatch(job -> QueueFixture.name(job).equals("bad"))) {
                throw new EngineException(
                    EngineException.Kind.INVALID_OPTIONS, "The prompt has no slot.");
              }
            }));

    await().until(() -> api.queue.jobs().depths().get(JobKind.GENERATION).equals(nothing()));

    assertThat(jobs.stream().map(api::read).map(Job::state))
        .containsExactly(
            JobState.SUCCEEDED, JobState.SUCCEEDED, JobState.FAILED, JobState.SUCCEEDED);
    assertThat(api.read(jobs.get(2)).error().message()).isEqualTo("The prompt has no slot.");
  }

  @Test
  void jobsThatRanOutOfMemoryTogetherAreTriedOnceMoreEachAlone() {
    List<Job> jobs = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      jobs.add(submit("a", i == 0 ? "huge" : "small"));
    }
    FakeGeneration runner =
        new FakeGeneration(
            batch -> {
              if (batch.stream().anyMatch(job -> QueueFixture.name(job).equals("huge"))) {
                throw new EngineException(
                    EngineException.Kind.OUT_OF_MEMORY, "The device has too little memory.");
              }
            });
    worker("one", runner);

    await().until(() -> api.queue.jobs().depths().get(JobKind.GENERATION).equals(nothing()));

    assertThat(runner.batches.get(0)).isEqualTo(4);
    assertThat(runner.batches.subList(1, runner.batches.size())).containsOnly(1);
    assertThat(api.read(jobs.get(0)).state()).isEqualTo(JobState.FAILED);
    assertThat(api.read(jobs.get(0)).error().code()).isEqualTo("out-of-memory");
    assertThat(jobs.subList(1, 4).stream().map(api::read).map(Job::state))
        .containsOnly(JobState.SUCCEEDED);
  }

  @Test
  void aMemberThatIsCanceledWhileItsBatchRunsEndsCanceledAndTheOthersGoOn()
      throws InterruptedException {
    List<Job> jobs = List.of(submit("a", "wanted"), submit("a", "unwanted"));
    Semaphore started = new Semaphore(0);
    Semaphore finish = new Semaphore(0);
    List<Boolean> asked = new CopyOnWriteArrayList<>();
    worker(
        "one",
        new BatchRunner() {
          @Override
          public JobKind kind() {
            return JobKind.GENERATION;
          }

          @Override
          public List<JobOutcome> run(List<ClaimedJob> batch, Control control) {
            started.release();
            finish.acquireUninterruptibly();
            batch.forEach(job -> asked.add(control.stopRequested(job.id())));
            return batch.stream().map(FakeGeneration::done).toList();
          }
        });
    started.acquire();
    CountDownLatch signaled = new CountDownLatch(1);
    workers.get(0).fixture.queue.signals().onCancel(id -> signaled.countDown());

    api.queue.jobs().cancel("a", jobs.get(1).id());
    signaled.await();
    finish.release();

    awaitState(api, jobs.get(0), JobState.SUCCEEDED);
    Job canceled = awaitState(api, jobs.get(1), JobState.CANCELED);
    assertThat(asked).containsExactly(false, true);
    assertThat(canceled.result()).isNull();
  }

  @Test
  void aLateNotificationOfACancelCostsAMemberNoAttemptAndItsMateNothing()
      throws InterruptedException {
    Job mate = submit("a", "mate");
    Job wanted = submit("a", "wanted again");
    Semaphore started = new Semaphore(0);
    List<String> ran = new CopyOnWriteArrayList<>();
    worker(
        "one",
        new BatchRunner() {
          @Override
          public JobKind kind() {
            return JobKind.GENERATION;
          }

          /** The first batch goes on until it is told that one of its jobs is unwanted. */
          @Override
          public List<JobOutcome> run(List<ClaimedJob> batch, Control control) {
            ran.add(batch.stream().map(QueueFixture::name).collect(Collectors.joining("+")));
            started.release();
            while (ran.size() == 1 && !control.stopRequested(wanted.id())) {
              LockSupport.parkNanos(5_000_000);
            }
            return batch.stream()
                .map(
                    job ->
                        control.stopRequested(job.id())
                            ? new JobOutcome.Stopped()
                            : FakeGeneration.done(job))
                .toList();
          }
        });
    started.acquire();

    // It was canceled and retried before; the news of the cancel comes only now.
    api.sql
        .sql("select pg_notify('diptych_job', 'CANCEL ' || :id)")
        .param("id", wanted.id().toString())
        .query(row -> {});

    Job done = awaitState(api, wanted, JobState.SUCCEEDED);
    assertThat(ran).containsExactly("mate+wanted again", "wanted again");
    assertThat(done.result().get("picture").asString()).isEqualTo("wanted again");
    assertThat(outcomes(wanted))
        .containsExactly(Attempt.Outcome.HANDED_BACK, Attempt.Outcome.SUCCEEDED);
    assertThat(done.attempt()).isEqualTo(1);
    assertThat(outcomes(mate)).containsExactly(Attempt.Outcome.SUCCEEDED);
  }

  private List<Attempt.Outcome> outcomes(Job job) {
    return api.queue.jobs().attempts(job.tenant(), job.id()).stream()
        .map(Attempt::outcome)
        .toList();
  }

  @Test
  void aBatchThatNoNotificationReachesSeesACancelNevertheless() throws InterruptedException {
    Job unwanted = submit("a", "unwanted");
    Semaphore started = new Semaphore(0);
    workers.add(
        WorkerFixture.startDeaf(
            database.dataSource(),
            generating(new UntilStopped(started)),
            WorkerFixture.settings("deaf"),
            LaneListener.NONE));
    started.acquire();

    api.queue.jobs().cancel("a", unwanted.id());

    awaitState(api, unwanted, JobState.CANCELED);
  }

  @Test
  void aDrainHandsABatchBackAtItsNextLookWithoutAnAttemptCounted() throws InterruptedException {
    List<Job> jobs = List.of(submit("a", "one"), submit("a", "two"));
    Semaphore started = new Semaphore(0);
    // A lane that has to be interrupted would leave the test waiting for a minute.
    TicketSettings patient =
        new TicketSettings(
            Duration.ofMillis(200), Duration.ofMillis(200), 6, Duration.ofMinutes(10));
    WorkerFixture worker =
        WorkerFixture.start(
            database.dataSource(),
            generating(new UntilStopped(started)),
            WorkerFixture.settings("drained"),
            patient,
            LaneListener.NONE);
    workers.add(worker);
    started.acquire();

    assertTimeoutPreemptively(Duration.ofMinutes(1), worker.worker::drain);

    assertThat(jobs)
        .map(api::read)
        .allSatisfy(
            job -> {
              assertThat(job.state()).isEqualTo(JobState.QUEUED);
              assertThat(job.attempt()).isEqualTo(1);
            });
  }

  /** Works until its jobs are to stop. */
  private record UntilStopped(Semaphore started) implements BatchRunner {
    @Override
    public JobKind kind() {
      return JobKind.GENERATION;
    }

    @Override
    public List<JobOutcome> run(List<ClaimedJob> batch, Control control) {
      started.release();
      while (!batch.stream().allMatch(job -> control.stopRequested(job.id()))) {
        LockSupport.parkNanos(5_000_000);
      }
      return batch.stream().map(job -> (JobOutcome) new JobOutcome.Stopped()).toList();
    }
  }

  private static QueueDepth nothing() {
    return new QueueDepth(0, 0, Duration.ZERO);
  }
}
