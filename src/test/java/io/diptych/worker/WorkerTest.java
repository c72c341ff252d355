package io.diptych.worker;

import static io.diptych.job.QueueFixture.request;
import static io.diptych.worker.WorkerFixture.await;
import static io.diptych.worker.WorkerFixture.awaitState;
import static io.diptych.worker.WorkerFixture.decomposing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.database.TestDatabase;
import io.diptych.engine.EngineException;
import io.diptych.job.Attempt;
import io.diptych.job.Cancellation;
import io.diptych.job.FailureReason;
import io.diptych.job.Job;
import io.diptych.job.JobEvent;
import io.diptych.job.JobKind;
import io.diptych.job.JobState;
import io.diptych.job.LaneCapacity;
import io.diptych.job.QueueDepth;
import io.diptych.job.QueueFixture;
import io.diptych.job.Submission;
import io.diptych.job.ticket.TicketSettings;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.jdbc.datasource.DelegatingDataSource;

class WorkerTest {

  private static final String TENANT = "alice";
  private static final int STEPS = 60;

  private TestDatabase database;

  /** What an API process has: no lanes. */
  private QueueFixture api;

  private final List<WorkerFixture> workers = new ArrayList<>();

  @BeforeEach
  void open() {
    database = TestDatabase.create();
    api = QueueFixture.over(database, Clock.systemUTC());
  }

  @AfterEach
  void close() {
    workers.forEach(WorkerFixture::close);
    database.close();
  }

  private WorkerFixture worker(String name, JobRunner runner) {
    return keep(WorkerFixture.start(database.dataSource(), name, decomposing(runner)));
  }

  private WorkerFixture keep(WorkerFixture worker) {
    workers.add(worker);
    return worker;
  }

  private Job submit(String name) {
    return api.submit(JobKind.DECOMPOSITION, TENANT, name);
  }

  @Test
  void aJobRunsToItsResultWithProgressAndEvents() {
    worker("one", new FakeDecomposition(STEPS, (job, step) -> {}));

    Job job = awaitState(api, submit("fox"), JobState.SUCCEEDED);

    assertThat(job.result().get("state").asLong()).isEqualTo(FakeDecomposition.expected(STEPS));
    assertThat(job.progress().step()).isEqualTo(STEPS);
    assertThat(job.progress().losses()).containsKeys("style", "content");
    List<JobEvent> events = api.queue.jobs().events(TENANT, job.id(), 0, 1000);
    assertThat(events)
        .extracting(JobEvent::type)
        .startsWith(JobEvent.Type.QUEUED, JobEvent.Type.STARTED, JobEvent.Type.PROGRESS)
        .endsWith(JobEvent.Type.PROGRESS, JobEvent.Type.SUCCEEDED);
    assertThat(api.sql.sql("select count(*) from checkpoint").query(Integer.class).single())
        .as("checkpoints of a job that succeeded")
        .isZero();
  }

  @Test
  void aBusyTenantDelaysAnotherByAtMostOneJob() {
    for (int i = 0; i < 200; i++) {
      api.submit(JobKind.DECOMPOSITION, "greedy", "greedy " + i);
    }
    worker("one", new FakeDecomposition(1, (job, step) -> LockSupport.parkNanos(5_000_000)));
    await().until(() -> api.queue.jobs().depths().get(JobKind.DECOMPOSITION).waiting() < 180);

    Job submitted = api.submit(JobKind.DECOMPOSITION, "modest", "modest");
    Instant committed = Instant.now(); // No lane could see it before.
    Job modest = awaitState(api, submitted, JobState.SUCCEEDED);

    int between =
        api.sql
            .sql(
                """
                select count(*) from job
                where tenant = 'greedy' and started_at > :queued and started_at < :started
                """)
            .param("queued", committed.atOffset(ZoneOffset.UTC))
            .param("started", modest.startedAt().atOffset(ZoneOffset.UTC))
            .query(Integer.class)
            .single();
    System.out.printf(
        "fairness in a lane: %d job(s) of a tenant with 200 queued began before the other's one,"
            + " which waited %d ms%n",
        between, Duration.between(modest.queuedAt(), modest.startedAt()).toMillis());
    assertThat(between).isLessThanOrEqualTo(1);
  }

  @Test
  void progressIsWrittenAtMostTwicePerSecond() {
    keep(
        WorkerFixture.start(
            database.dataSource(),
            decomposing(new FakeDecomposition(500, (job, step) -> {})),
            WorkerFixture.settings(
                "one", List.of("cpu"), Duration.ofSeconds(30), Duration.ofMillis(500)),
            WorkerFixture.PATIENT,
            LaneListener.NONE));

    Job job = awaitState(api, submit("fast"), JobState.SUCCEEDED);

    long seconds = Duration.between(job.startedAt(), job.finishedAt()).toSeconds() + 1;
    assertThat(api.queue.jobs().events(TENANT, job.id(), 0, 1000))
        .filteredOn(event -> event.type() == JobEvent.Type.PROGRESS)
        .as("500 steps in about %d s", seconds)
        .hasSizeLessThanOrEqualTo((int) (2 * seconds + 2));
  }

  @Test
  void jobsOfOtherProcessesArePickedUpByNotification() {
    TicketSettings slowPoll =
        new TicketSettings(
            Duration.ofSeconds(30), Duration.ofMillis(500), 6, Duration.ofSeconds(5));
    keep(
        WorkerFixture.start(
            database.dataSource(),
            decomposing(new FakeDecomposition(1, (job, step) -> {})),
            WorkerFixture.settings("one"),
            slowPoll,
            LaneListener.NONE));
    awaitState(api, submit("warm up"), JobState.SUCCEEDED);

    List<Long> millis = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Job job = awaitState(api, submit("job " + i), JobState.SUCCEEDED);
      millis.add(Duration.between(job.queuedAt(), job.startedAt()).toMillis());
    }

    List<Long> sorted = millis.stream().sorted().toList();
    System.out.printf(
        "pick-up from another process by NOTIFY, poll 30 s: median %d ms, worst %d ms of %d%n",
        sorted.get(10), sorted.get(19), sorted.size());
    assertThat(sorted.get(10)).isLessThan(2000);
  }

  @Test
  void jobsOfThisProcessArePickedUpAfterCommit() {
    TicketSettings slowPoll =
        new TicketSettings(
            Duration.ofSeconds(30), Duration.ofMillis(500), 6, Duration.ofSeconds(5));
    WorkerFixture worker =
        keep(
            WorkerFixture.start(
                database.dataSource(),
                decomposing(new FakeDecomposition(1, (job, step) -> {})),
                WorkerFixture.settings("one"),
                slowPoll,
                LaneListener.NONE));
    List<Long> millis = new ArrayList<>();
    for (int i = 0; i < 21; i++) {
      Job job =
          awaitState(
              api,
              worker.fixture.submit(JobKind.DECOMPOSITION, TENANT, "job " + i),
              JobState.SUCCEEDED);
      millis.add(Duration.between(job.queuedAt(), job.startedAt()).toMillis());
    }
    List<Long> sorted = millis.stream().sorted().toList();
    System.out.printf(
        "pick-up in the same process after commit, poll 30 s: median %d ms, worst %d ms of %d%n",
        sorted.get(10), sorted.get(20), sorted.size());
    assertThat(sorted.get(10)).isLessThan(2000);
  }

  @Test
  void thePollIsTheFloorWhenNoNotificationArrives() {
    keep(
        WorkerFixture.startDeaf(
            database.dataSource(),
            decomposing(new FakeDecomposition(1, (job, step) -> {})),
            WorkerFixture.settings("one"),
            LaneListener.NONE));

    awaitState(api, submit("silent"), JobState.SUCCEEDED);
  }

  @Test
  void theProgressWriteBringsTheCancelOfARunningJobInTheSameStep() throws InterruptedException {
    List<Duration> latencies = new CopyOnWriteArrayList<>();
    AtomicInteger last = new AtomicInteger();
    CountDownLatch atTen = new CountDownLatch(1);
    Semaphore afterCancel = new Semaphore(0);
    FakeDecomposition runner =
        new FakeDecomposition(
            STEPS,
            (job, step) -> {
              last.set(step);
              if (step == 10) {
                atTen.countDown();
                afterCancel.acquire();
              }
            });
    keep(
        WorkerFixture.startDeaf(
            database.dataSource(),
            decomposing(runner),
            WorkerFixture.settings("one"),
            new LaneListener() {
              @Override
              public void canceled(JobKind kind, Duration latency) {
                latencies.add(latency);
              }
            }));
    Job job = submit("unwanted");
    atTen.await();

    Cancellation cancellation = api.queue.jobs().cancel(TENANT, job.id()).orElseThrow();
    afterCancel.release();

    assertThat(cancellation.outcome()).isEqualTo(Cancellation.Outcome.REQUESTED);
    awaitState(api, job, JobState.CANCELED);
    assertThat(last.get()).as("the step in which the cancel came was the last").isEqualTo(10);
    await().until(() -> !latencies.isEmpty());
    System.out.printf(
        "cancel of a running job: seen in the same step, %d ms from the wish to the end%n",
        latencies.get(0).toMillis());
  }

  @Test
  void aLateNotificationOfACancelBeforeARetryCostsNoAttempt() throws InterruptedException {
    CountDownLatch atThirty = new CountDownLatch(1);
    Semaphore goOn = new Semaphore(0);
    FakeDecomposition runner =
        new FakeDecomposition(
            STEPS,
            (job, step) -> {
              if (step == 30) {
                atThirty.countDown();
                goOn.acquire();
              }
            });
    WorkerFixture worker = worker("one", runner);
    Job job = submit("wanted again");
    atThirty.await();
    CountDownLatch signaled = new CountDownLatch(1);
    worker.fixture.queue.signals().onCancel(id -> signaled.countDown());

    api.sql
        .sql("select pg_notify('diptych_job', 'CANCEL ' || :id)")
        .param("id", job.id().toString())
        .query(row -> {});
    signaled.await();
    goOn.release(2);

    Job done = awaitState(api, job, JobState.SUCCEEDED);
    assertThat(done.attempt()).isEqualTo(1);
    assertThat(api.queue.jobs().attempts(TENANT, job.id()))
        .extracting(Attempt::outcome)
        .containsExactly(Attempt.Outcome.HANDED_BACK, Attempt.Outcome.SUCCEEDED);
    assertThat(runner.resumedAt).containsExactly(0, 25);
  }

  @Test
  void theCancelSignalIsSeenAtTheNextStepEvenBetweenProgressWrites() throws InterruptedException {
    AtomicInteger last = new AtomicInteger();
    CountDownLatch atTen = new CountDownLatch(1);
    Semaphore afterCancel = new Semaphore(0);
    FakeDecomposition runner =
        new FakeDecomposition(
            STEPS,
            (job, step) -> {
              last.set(step);
              if (step == 10) {
                atTen.countDown();
                afterCancel.acquire();
              }
            });
    WorkerFixture worker =
        keep(
            WorkerFixture.start(
                database.dataSource(),
                decomposing(runner),
                WorkerFixture.settings(
                    "one", List.of("cpu"), Duration.ofSeconds(30), Duration.ofHours(1)),
                WorkerFixture.PATIENT,
                LaneListener.NONE));
    Job job = submit("unwanted");
    atTen.await();
    CountDownLatch signaled = new CountDownLatch(1);
    worker.fixture.queue.signals().onCancel(id -> signaled.countDown());

    api.queue.jobs().cancel(TENANT, job.id());
    signaled.await();
    afterCancel.release();

    awaitState(api, job, JobState.CANCELED);
    assertThat(last.get()).isEqualTo(10);
  }

  @Test
  void aDrainHandsTheJobBackWithACheckpointAndNoAttemptCounted() throws InterruptedException {
    CountDownLatch atThirty = new CountDownLatch(1);
    FakeDecomposition first =
        new FakeDecomposition(
            STEPS,
            (job, step) -> {
              if (step == 31) {
                atThirty.countDown();
              }
              if (step > 30) {
                Thread.sleep(500);
              }
            });
    WorkerFixture draining = worker("goes down", first);
    Job job = submit("long");
    atThirty.await();

    draining.worker.drain();

    Job handedBack = api.read(job);
    assertThat(handedBack.state()).isEqualTo(JobState.QUEUED);
    assertThat(handedBack.attempt()).isEqualTo(1);
    int stoppedAt = first.computed.size();
    assertThat(stoppedAt).isBetween(31, STEPS - 1);

    FakeDecomposition second = new FakeDecomposition(STEPS, (any, step) -> {});
    worker("comes up", second);
    Job done = awaitState(api, job, JobState.SUCCEEDED);
    assertThat(done.attempt()).isEqualTo(1);
    assertThat(done.result().get("state").asLong()).isEqualTo(FakeDecomposition.expected(STEPS));
    assertThat(second.resumedAt).containsExactly(stoppedAt);
    System.out.printf(
        "drain: stopped after step %d of %d, went on from step %d, attempt still %d%n",
        stoppedAt, STEPS, second.resumedAt.get(0), done.attempt());
  }

  @Test
  void theJobOfADeadWorkerResumesFromItsCheckpointAndTheZombieIsRefused() throws Exception {
    UnpluggableDataSource unpluggable = new UnpluggableDataSource(database.dataSource());
    CountDownLatch atThirty = new CountDownLatch(1);
    Semaphore zombieGoesOn = new Semaphore(0);
    FakeDecomposition first =
        new FakeDecomposition(
            STEPS,
            (job, step) -> {
              if (step == 30) {
                atThirty.countDown();
                zombieGoesOn.acquire();
              }
            });
    AtomicInteger refused = new AtomicInteger();
    WorkerFixture dead =
        keep(
            WorkerFixture.start(
                unpluggable,
                decomposing(first),
                WorkerFixture.settings("dies"),
                WorkerFixture.PATIENT,
                new LaneListener() {
                  @Override
                  public void fenceLost(JobKind kind) {
                    refused.incrementAndGet();
                  }
                }));
    Job job = submit("orphan");
    atThirty.await();
    unpluggable.unplug();
    Instant died = Instant.now();

    FakeDecomposition second = new FakeDecomposition(STEPS, (any, step) -> {});
    keep(
        WorkerFixture.start(
            database.dataSource(),
            decomposing(second),
            WorkerFixture.settings("takes over"),
            WorkerFixture.WATCHFUL,
            LaneListener.NONE));
    Job done = awaitState(api, job, JobState.SUCCEEDED);

    assertThat(second.resumedAt).containsExactly(25);
    assertThat(done.result().get("state").asLong()).isEqualTo(FakeDecomposition.expected(STEPS));
    assertThat(done.attempt()).isEqualTo(2);
    assertThat(api.queue.jobs().attempts(TENANT, job.id()))
        .extracting(Attempt::outcome)
        .containsExactly(Attempt.Outcome.FAILED, Attempt.Outcome.SUCCEEDED);
    System.out.printf(
        "dead worker: job resumed from step 25 and ended %d ms after the death%n",
        Duration.between(died, done.finishedAt()).toMillis());

    // The zombie wakes up with a working connection and must find that it has nothing to say.
    unpluggable.replug();
    zombieGoesOn.release();
    await().until(() -> refused.get() == 1);
    assertThat(api.read(job)).isEqualTo(done);
    assertThat(dead.worker.lanes()).hasSize(1);
  }

  @Test
  void aRunThatADrainHasToInterruptIsHandedBackToo() throws InterruptedException {
    Job job = interruptedByADrain(interrupt -> new IllegalStateException("interrupted", interrupt));

    assertThat(api.queue.running().latestCheckpoint(job.id()).orElseThrow().step()).isEqualTo(25);
  }

  @ParameterizedTest
  @EnumSource(names = {"MODEL_UNAVAILABLE", "DEVICE_FAILURE"})
  void anErrorOfTheEngineThatADrainMayHaveCausedIsNotTheJobs(EngineException.Kind kind)
      throws InterruptedException {
    interruptedByADrain(interrupt -> new EngineException(kind, "It was interrupted.", interrupt));
  }

  /** What becomes of a job whose run throws this when a drain interrupts it. */
  private Job interruptedByADrain(Function<InterruptedException, RuntimeException> failure)
      throws InterruptedException {
    TicketSettings impatient =
        new TicketSettings(
            Duration.ofMillis(200), Duration.ofMillis(200), 150, Duration.ofMillis(300));
    CountDownLatch atThirty = new CountDownLatch(1);
    WorkerFixture worker =
        keep(
            WorkerFixture.start(
                database.dataSource(),
                decomposing(
                    new FakeDecomposition(
                        STEPS,
                        (job, step) -> {
                          if (step == 30) {
                            atThirty.countDown();
                            try {
                              new CountDownLatch(1).await();
                            } catch (InterruptedException e) {
                              throw failure.apply(e);
                            }
                          }
                        })),
                WorkerFixture.settings("slow"),
                impatient,
                LaneListener.NONE));
    Job job = submit("slow");
    atThirty.await();

    worker.worker.drain();

    awaitState(api, job, JobState.QUEUED); // The drain waits no longer than it was told.
    assertThat(api.read(job).attempt()).isEqualTo(1);
    return job;
  }

  @Test
  void aLaneThatCannotRunYetTakesTheJobsOnceItCan() {
    AtomicInteger asked = new AtomicInteger();
    FakeDecomposition runner =
        new FakeDecomposition(1, (job, step) -> {}) {
          @Override
          public LaneCapacity capacity(String device) {
            return asked.incrementAndGet() > 2 ? LaneCapacity.UNLIMITED : LaneCapacity.UNABLE;
          }
        };
    for (int i = 0; i < 50; i++) {
      submit("early " + i);
    }
    worker("loads its model", runner);

    await()
        .until(
            () ->
                api.queue
                    .jobs()
                    .depths()
                    .get(JobKind.DECOMPOSITION)
                    .equals(new QueueDepth(0, 0, Duration.ZERO)));

    assertThat(api.sql.sql("select count(*) from attempt").query(Integer.class).single())
        .isEqualTo(50);
  }

  @Test
  void aTenantAtItsRunningCapGetsAllItsJobsDone() {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    FakeDecomposition runner =
        new FakeDecomposition(
            2,
            (job, step) -> {
              most.accumulateAndGet(running.incrementAndGet(), Math::max);
              Thread.sleep(10);
              running.decrementAndGet();
            });
    List<Job> jobs = new ArrayList<>();
    jobs.add(submit("first"));
    api.sql.sql("update tenant_share set running_cap = 1").update();
    for (int i = 0; i < 9; i++) {
      jobs.add(submit("job " + i));
    }

    worker("one", runner);
    worker("two", runner);

    jobs.forEach(job -> awaitState(api, job, JobState.SUCCEEDED));
    assertThat(most).hasValue(1);
    await().until(() -> api.tickets.all().isEmpty());
  }

  @Test
  void oneGpuLaneRunsBothKindsInTurnAndNeverTwoAtOnce() {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<String> order = new CopyOnWriteArrayList<>();
    FakeDecomposition decomposition =
        new FakeDecomposition(
            1,
            (job, step) -> {
              most.accumulateAndGet(running.incrementAndGet(), Math::max);
              order.add("D");
              // The first one lasts until the other kind has asked for the lane, too.
              Thread.sleep(order.size() == 1 ? 1000 : 5);
              running.decrementAndGet();
            });
    FakeGeneration generation =
        new FakeGeneration(
            batch -> {
              most.accumulateAndGet(running.incrementAndGet(), Math::max);
              order.add("G");
              running.decrementAndGet();
            });
    List<Job> jobs = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      jobs.add(submit("decompose " + i));
      jobs.add(api.submit(JobKind.GENERATION, TENANT, "generate " + i));
    }

    keep(
        WorkerFixture.start(
            database.dataSource(),
            new Runners(List.of(decomposition), List.of(generation)),
            WorkerFixture.settings("gpu", List.of("gpu0"), Duration.ofSeconds(30), Duration.ZERO),
            WorkerFixture.PATIENT,
            LaneListener.NONE));

    jobs.forEach(job -> awaitState(api, job, JobState.SUCCEEDED));
    System.out.println("one lane, two kinds: " + String.join("", order));
    assertThat(most).hasValue(1);
    assertThat(String.join("", order)).as("kinds take turns").contains("DG").contains("GD");
  }

  @Test
  void generationDoesNotWaitBehindADecompositionOnTheCpu() throws InterruptedException {
    Semaphore finish = new Semaphore(0);
    keep(
        WorkerFixture.start(
            database.dataSource(),
            "cpu",
            new Runners(
                List.of(new FakeDecomposition(1, (job, step) -> finish.acquire())),
                List.of(new FakeGeneration(batch -> {})))));
    Job slow = submit("slow");
    awaitState(api, slow, JobState.RUNNING);

    awaitState(api, api.submit(JobKind.GENERATION, TENANT, "quick"), JobState.SUCCEEDED);

    assertThat(api.read(slow).state()).isEqualTo(JobState.RUNNING);
    finish.release();
    awaitState(api, slow, JobState.SUCCEEDED);
  }

  @Test
  void aRunPastItsDeadlineToFinishExpiresWithACheckpoint() {
    worker("one", new FakeDecomposition(100_000, (job, step) -> Thread.sleep(5)));
    Job job =
        api.queue
            .jobs()
            .submit(
                Submission.of(JobKind.DECOMPOSITION, TENANT, request("late"))
                    .finishWithin(Duration.ofMillis(700))
                    .build());

    Job expired = awaitState(api, job, JobState.EXPIRED);

    assertThat(expired.error().code()).isEqualTo("deadline-exceeded");
    assertThat(api.queue.running().latestCheckpoint(job.id())).isPresent();
  }

  @Test
  void engineErrorsBecomeEntriesOfTheCatalogue() {
    worker(
        "one",
        new FakeDecomposition(
            3,
            (job, step) -> {
              throw new EngineException(
                  EngineException.Kind.valueOf(QueueFixture.name(job)), "It says why.");
            }));

    assertThat(failure("INVALID_OPTIONS").code()).isEqualTo("validation");
    assertThat(failure("INCOMPATIBLE_CONCEPT").code()).isEqualTo("incompatible-artifact");
    assertThat(failure("MODEL_UNAVAILABLE").code()).isEqualTo("model-unavailable");
    assertThat(failure("NUMERIC_DIVERGENCE").code()).isEqualTo("numeric-divergence");
    assertThat(failure("NUMERIC_DIVERGENCE").message()).isEqualTo("It says why.");
  }

  private io.diptych.job.JobError failure(String kind) {
    return awaitState(api, submit(kind), JobState.FAILED).error();
  }

  @Test
  void anUnexpectedErrorIsNotShownToTheOwner() {
    worker(
        "one",
        new FakeDecomposition(
            1,
            (job, step) -> {
              throw new IllegalStateException("/etc/secret: select * from job");
            }));

    Job failed = awaitState(api, submit("broken"), JobState.FAILED);

    assertThat(failed.error().code()).isEqualTo("internal");
    assertThat(failed.error().message()).doesNotContain("secret").doesNotContain("select");
  }

  @Test
  void aProcessWhoseDeviceNoLongerComputesEndsAndTheJobGoesOnElsewhere() {
    FakeDecomposition broken =
        new FakeDecomposition(
            1,
            (job, step) -> {
              throw new EngineException(EngineException.Kind.DEVICE_FAILURE, "as asked");
            }) {
          @Override
          public boolean responds(String device) {
            return false;
          }
        };
    WorkerFixture worker =
        keep(WorkerFixture.start(database.dataSource(), "broken", decomposing(broken)));
    Job job = submit("unlucky");

    await().until(() -> !worker.exits.isEmpty());

    assertThat(worker.exits.get(0)).contains("The device cpu no longer computes");
    worker.close();
    worker("healthy", new FakeDecomposition(1, (any, step) -> {}));
    awaitState(api, job, JobState.SUCCEEDED);
  }

  @Test
  void theWatchdogFreesTheJobOfAStuckRunAndEndsTheProcessIfItsThreadDoesNotReturn()
      throws InterruptedException {
    CountDownLatch release = new CountDownLatch(1);
    Set<String> seen = ConcurrentHashMap.newKeySet();
    FakeDecomposition stuck =
        new FakeDecomposition(
            STEPS,
            (job, step) -> {
              if (step == 30 && seen.add("stuck")) {
                waitUninterruptibly(release);
              }
            });
    WorkerFixture worker =
        keep(
            WorkerFixture.start(
                database.dataSource(),
                decomposing(stuck),
                WorkerFixture.settings(
                    "hangs", List.of("cpu"), Duration.ofSeconds(2), Duration.ZERO),
                WorkerFixture.PATIENT,
                LaneListener.NONE));
    Job job = submit("hangs");

    await().until(() -> !worker.exits.isEmpty());

    assertThat(worker.exits.get(0)).contains("stuck").contains(job.id().toString());
    assertThat(worker.worker.lanes()).noneMatch(LaneStatus::able);
    assertThat(api.queue.jobs().attempts(TENANT, job.id()).get(0).reason())
        .isEqualTo(FailureReason.STUCK);
    worker("healthy", new FakeDecomposition(STEPS, (any, step) -> {}));
    Job done = awaitState(api, job, JobState.SUCCEEDED);
    assertThat(done.attempt()).isEqualTo(2);
    release.countDown();
  }

  @Test
  void aClaimWhoseAnswerGotLostIsRepeatedInPlaceWithoutCountingAnAttempt() {
    AtomicInteger lost = new AtomicInteger();
    DataSource losesTheFirstAnswer =
        new DelegatingDataSource(database.dataSource()) {
          @Override
          public Connection getConnection() throws SQLException {
            Connection connection = super.getConnection();
            return Thread.currentThread().getName().startsWith("lane-") && lost.get() == 0
                ? losingAnswers(connection, lost)
                : connection;
          }
        };
    keep(
        WorkerFixture.start(
            losesTheFirstAnswer,
            "one",
            decomposing(new FakeDecomposition(STEPS, (job, step) -> {}))));

    Job done = awaitState(api, submit("claimed twice"), JobState.SUCCEEDED);

    assertThat(lost).as("commits whose answer was lost").hasValue(1);
    assertThat(done.attempt()).isEqualTo(1);
    assertThat(api.queue.jobs().attempts(TENANT, done.id()))
        .extracting(Attempt::outcome)
        .containsExactly(Attempt.Outcome.HANDED_BACK, Attempt.Outcome.SUCCEEDED);
  }

  /** Commits, and then says that the connection broke. */
  private static Connection losingAnswers(Connection connection, AtomicInteger lost) {
    return (Connection)
        Proxy.newProxyInstance(
            WorkerTest.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              Object answer;
              try {
                answer = method.invoke(connection, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
              if (method.getName().equals("commit") && lost.compareAndSet(0, 1)) {
                throw new SQLException("The connection broke.", "08006");
              }
              return answer;
            });
  }

  @Test
  void aRunThatOnlyWaitsForTheDatabaseIsNotStuck() {
    AtomicInteger looks = new AtomicInteger();
    AtomicBoolean awayForTheLane = new AtomicBoolean();
    DataSource backForTheWatchdogFirst =
        new DelegatingDataSource(database.dataSource()) {
          @Override
          public Connection getConnection() throws SQLException {
            String thread = Thread.currentThread().getName();
            if (awayForTheLane.get() && thread.startsWith("lane-")) {
              throw new SQLException("away", "08006");
            }
            if (awayForTheLane.get() && thread.equals("watchdog")) {
              looks.incrementAndGet();
            }
            return super.getConnection();
          }
        };
    keep(
        WorkerFixture.start(
            backForTheWatchdogFirst,
            decomposing(
                new FakeDecomposition(
                    STEPS,
                    (job, step) -> {
                      if (step == STEPS) {
                        awayForTheLane.set(true);
                      }
                    })),
            WorkerFixture.settings("one", List.of("cpu"), Duration.ofSeconds(2), Duration.ZERO),
            WorkerFixture.PATIENT,
            LaneListener.NONE));
    Job job = submit("done, but not written");

    await().until(() -> looks.get() >= 3);
    awayForTheLane.set(false);

    Job done = awaitState(api, job, JobState.SUCCEEDED);
    assertThat(done.attempt()).isEqualTo(1);
    assertThat(api.queue.jobs().attempts(job.tenant(), job.id()))
        .extracting(Attempt::outcome)
        .containsExactly(Attempt.Outcome.SUCCEEDED);
  }

  private static void waitUninterruptibly(CountDownLatch latch) {
    boolean interrupted = false;
    while (true) {
      try {
        latch.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true; // native code would not notice either
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aWorkerRefusesATicketTableThatHoldsTasksOfSomeoneElse() {
    api.sql
        .sql(
            """
            insert into ticket_decomposition
                (task_name, task_instance, execution_time, picked, version)
            values ('send-invoice', '1', now(), false, 1)
            """)
        .update();

    assertThatThrownBy(() -> worker("one", new FakeDecomposition(1, (job, step) -> {})))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("ticket_decomposition")
        .hasMessageContaining("send-invoice");
    assertThat(api.tickets.waiting(JobKind.DECOMPOSITION)).as("the row is still there").isOne();
  }
}
