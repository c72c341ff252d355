package io.diptych.job;

import static io.diptych.job.QueueFixture.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.database.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JobsTest {

  private static final String ALICE = "alice";
  private static final String BOB = "bob";

  private final SettableClock clock = new SettableClock(Instant.parse("2026-03-01T12:00:00Z"));
  private final List<UUID> removed = new ArrayList<>();
  private TestDatabase database;
  private QueueFixture fixture;
  private Jobs jobs;

  @BeforeEach
  void open() {
    database = TestDatabase.create();
    use(QueueSettings.defaults());
  }

  private void use(QueueSettings settings) {
    fixture = QueueFixture.over(database, clock, settings, List.of(job -> removed.add(job.id())));
    jobs = fixture.queue.jobs();
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void aSubmittedJobReadsBackAsItWasGiven() {
    Job job =
        jobs.submit(
            Submission.of(JobKind.GENERATION, ALICE, request("fox"))
                .priority(3)
                .labels(Map.of("project", "demo"))
                .batchKey("512")
                .modelDigest("abc")
                .configHash("def")
                .startWithin(Duration.ofMinutes(1))
                .finishWithin(Duration.ofMinutes(5))
                .traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
                .build());

    Job read = jobs.find(ALICE, job.id()).orElseThrow();

    assertThat(read).isEqualTo(job);
    assertThat(read.state()).isEqualTo(JobState.QUEUED);
    assertThat(read.request().get("name").asString()).isEqualTo("fox");
    assertThat(read.labels()).containsEntry("project", "demo");
    assertThat(read.createdAt()).isEqualTo(clock.instant());
    assertThat(read.startBy()).isEqualTo(clock.instant().plusSeconds(60));
    assertThat(read.finishBy()).isEqualTo(clock.instant().plusSeconds(300));
    assertThat(read.id().version()).isEqualTo(7);
  }

  @Test
  void aJobWithoutDeadlinesOfItsOwnGetsThoseOfTheSettings() {
    Job job = fixture.submit(JobKind.GENERATION, ALICE, "unhurried");

    assertThat(job.startBy()).isEqualTo(clock.instant().plus(Duration.ofHours(24)));
    assertThat(job.finishBy()).isEqualTo(clock.instant().plus(Duration.ofHours(72)));
    clock.advance(Duration.ofHours(25));
    assertThat(fixture.queue.sweeps().expire()).isOne();
    assertThat(fixture.read(job).error().code()).isEqualTo("deadline-exceeded");

    use(settingsWithQueuedCap(1));
    Job patient = fixture.submit(JobKind.GENERATION, ALICE, "patient");
    assertThat(patient.startBy()).isNull();
    assertThat(patient.finishBy()).isNull();
  }

  @Test
  void aJobAndItsTicketAreStoredTogetherOrNotAtAll() {
    assertThatThrownBy(
            () ->
                fixture.transaction.executeWithoutResult(
                    status -> {
                      fixture.submit(JobKind.DECOMPOSITION, ALICE, "lost");
                      throw new IllegalStateException("the caller's own write failed");
                    }))
        .hasMessage("the caller's own write failed");

    assertThat(jobs.depths().get(JobKind.DECOMPOSITION).waiting()).isZero();
    assertThat(fixture.tickets.waiting(JobKind.DECOMPOSITION)).isZero();

    fixture.submit(JobKind.DECOMPOSITION, ALICE, "kept");
    assertThat(fixture.tickets.waiting(JobKind.DECOMPOSITION)).isOne();
  }

  @Test
  void lanesAreWokenAfterCommitAndNotBefore() {
    List<String> order = new ArrayList<>();
    fixture.queue.signals().onQueued(JobKind.GENERATION, () -> order.add("woken"));

    fixture.transaction.executeWithoutResult(
        status -> {
          fixture.submit(JobKind.GENERATION, ALICE, "one");
          order.add("about to commit");
        });

    assertThat(order).containsExactly("about to commit", "woken");
  }

  @Test
  void theJobOfAnotherTenantDoesNotExist() {
    Job job = fixture.submit(JobKind.GENERATION, ALICE, "private");

    assertThat(jobs.find(BOB, job.id())).isEmpty();
    assertThat(jobs.cancel(BOB, job.id())).isEmpty();
    assertThat(jobs.retry(BOB, job.id())).isEmpty();
    assertThat(jobs.remove(BOB, job.id())).isEmpty();
    assertThat(jobs.events(BOB, job.id(), 0, 10)).isEmpty();
    assertThat(jobs.attempts(BOB, job.id())).isEmpty();
    assertThat(fixture.read(job)).isEqualTo(job);
  }

  @Test
  void capsHoldUnderConcurrentSubmits() throws Exception {
    int cap = 10;
    use(settingsWithQueuedCap(cap));
    int clients = 20;
    int each = 3;
    ExecutorService pool = Executors.newFixedThreadPool(clients);
    CountDownLatch start = new CountDownLatch(1);
    List<Future<Integer>> accepted = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      String tenant = i % 2 == 0 ? ALICE : BOB;
      accepted.add(
          pool.submit(
              () -> {
                start.await();
                int taken = 0;
                for (int n = 0; n < each; n++) {
                  try {
                    fixture.submit(JobKind.GENERATION, tenant, "many");
                    taken++;
                  } catch (QueueFullException e) {
                    assertThat(e.cap()).isEqualTo(cap);
                    assertThat(e.scope()).isEqualTo(QueueFullException.Scope.TENANT);
                  }
                }
                return taken;
              }));
    }
    start.countDown();
    int total = 0;
    for (Future<Integer> future : accepted) {
      total += future.get(30, TimeUnit.SECONDS);
    }
    pool.shutdown();

    System.out.printf(
        "queued cap %d per tenant: %d of %d concurrent submits accepted for two tenants%n",
        cap, total, clients * each);
    assertThat(total).isEqualTo(2 * cap);
    assertThat(jobs.depths().get(JobKind.GENERATION).waiting()).isEqualTo(2 * cap);
  }

  @Test
  void aTenantMayHaveACapOfItsOwn() {
    fixture.submit(JobKind.GENERATION, ALICE, "first");
    fixture.sql.sql("update tenant_share set queued_cap = 2 where tenant = 'alice'").update();
    fixture.submit(JobKind.GENERATION, ALICE, "second");

    assertThatThrownBy(() -> fixture.submit(JobKind.GENERATION, ALICE, "third"))
        .isInstanceOfSatisfying(
            QueueFullException.class, full -> assertThat(full.code()).isEqualTo("quota-exceeded"))
        .hasMessageContaining("2 of your jobs are waiting");
  }

  @Test
  void canceledWhileQueuedNeverRuns() {
    Job job = fixture.submit(JobKind.DECOMPOSITION, ALICE, "unwanted");

    Cancellation cancellation = jobs.cancel(ALICE, job.id()).orElseThrow();

    assertThat(cancellation.outcome()).isEqualTo(Cancellation.Outcome.CANCELED);
    assertThat(cancellation.job().state()).isEqualTo(JobState.CANCELED);
    assertThat(fixture.claim(JobKind.DECOMPOSITION, 1)).isInstanceOf(Claim.Nothing.class);
    assertThat(fixture.ended).extracting(JobEnded::state).containsExactly(JobState.CANCELED);
  }

  @Test
  void cancelingARunningJobAsksItsLane() {
    Job job = fixture.submit(JobKind.DECOMPOSITION, ALICE, "running");
    ClaimedJob claimed = fixture.take(JobKind.DECOMPOSITION);
    List<UUID> signaled = new ArrayList<>();
    fixture.queue.signals().onCancel(signaled::add);

    Cancellation cancellation = jobs.cancel(ALICE, job.id()).orElseThrow();

    assertThat(cancellation.outcome()).isEqualTo(Cancellation.Outcome.REQUESTED);
    assertThat(cancellation.job().state()).isEqualTo(JobState.CANCEL_REQUESTED);
    assertThat(signaled).containsExactly(job.id());
    assertThat(fixture.queue.running().progress(claimed, progress(1)))
        .isEqualTo(JobState.CANCEL_REQUESTED);
    assertThat(fixture.queue.running().handBack(claimed).state()).isEqualTo(JobState.CANCELED);
  }

  @Test
  void cancelingTwiceChangesNothingTheSecondTime() {
    Job job = fixture.submit(JobKind.DECOMPOSITION, ALICE, "twice");
    ClaimedJob claimed = fixture.take(JobKind.DECOMPOSITION);
    Cancellation first = jobs.cancel(ALICE, job.id()).orElseThrow();
    clock.advance(Duration.ofSeconds(1));

    Cancellation second = jobs.cancel(ALICE, job.id()).orElseThrow();
    fixture.queue.running().handBack(claimed);
    Cancellation third = jobs.cancel(ALICE, job.id()).orElseThrow();

    assertThat(second).isEqualTo(first);
    assertThat(third.outcome()).isEqualTo(Cancellation.Outcome.ALREADY_CANCELED);
  }

  @Test
  void cancelingAFinishedJobIsTooLate() {
    Job job = fixture.submit(JobKind.GENERATION, ALICE, "done");
    fixture.queue.running().succeed(fixture.take(JobKind.GENERATION), request("result"), () -> {});

    Cancellation cancellation = jobs.cancel(ALICE, job.id()).orElseThrow();

    assertThat(cancellation.outcome()).isEqualTo(Cancellation.Outcome.TOO_LATE);
    assertThat(fixture.read(job).state()).isEqualTo(JobState.SUCCEEDED);
  }

  @Test
  void aRunThatEndsAfterTheCancelWasAcceptedEndsCanceled() {
    Job job = fixture.submit(JobKind.GENERATION, ALICE, "race");
    ClaimedJob claimed = fixture.take(JobKind.GENERATION);
    jobs.cancel(ALICE, job.id());
    List<String> published = new ArrayList<>();

    Job after =
        fixture.queue.running().succeed(claimed, request("result"), () -> published.add("visible"));

    assertThat(after.state()).isEqualTo(JobState.CANCELED);
    assertThat(after.result()).isNull();
    assertThat(published).isEmpty();
  }

  @Test
  void aRetryKeepsTheIdAndCountsTheAttempt() {
    Job job =
        jobs.submit(
            Submission.of(JobKind.DECOMPOSITION, ALICE, request("again"))
                .startWithin(Duration.ofMinutes(1))
                .build());
    fixture
        .queue
        .running()
        .fail(fixture.take(JobKind.DECOMPOSITION), FailureReason.INVALID_REQUEST, "No such word.");
    assertThat(fixture.read(job).error())
        .isEqualTo(new JobError("validation", "No such word.", false));
    clock.advance(Duration.ofHours(1));

    Job retried = jobs.retry(ALICE, job.id()).orElseThrow();

    assertThat(retried.id()).isEqualTo(job.id());
    assertThat(retried.state()).isEqualTo(JobState.QUEUED);
    assertThat(retried.error()).isNull();
    assertThat(retried.attempt()).isEqualTo(2);
    assertThat(retried.startBy()).isEqualTo(clock.instant().plusSeconds(60));
    assertThat(fixture.take(JobKind.DECOMPOSITION).id()).isEqualTo(job.id());
  }

  @Test
  void aJobThatHasNotEndedOrHasAResultCannotBeRetried() {
    Job job = fixture.submit(JobKind.GENERATION, ALICE, "fine");

    assertThatThrownBy(() -> jobs.retry(ALICE, job.id()))
        .isInstanceOf(IllegalTransitionException.class)
        .hasMessageContaining("is QUEUED and cannot be retried");
    fixture.queue.running().succeed(fixture.take(JobKind.GENERATION), request("x"), () -> {});
    assertThatThrownBy(() -> jobs.retry(ALICE, job.id()))
        .hasMessageContaining("is SUCCEEDED and cannot be retried");
  }

  @Test
  void removingTakesEverythingAndTellsTheFeature() {
    Job job = fixture.submit(JobKind.DECOMPOSITION, ALICE, "gone");
    ClaimedJob claimed = fixture.take(JobKind.DECOMPOSITION);
    fixture.queue.running().checkpoint(claimed, 25, new byte[] {1});
    fixture.queue.running().fail(claimed, FailureReason.INTERNAL, "broken");

    assertThat(jobs.remove(ALICE, job.id())).contains(Removal.REMOVED);

    assertGone(job);
    assertThat(jobs.remove(ALICE, job.id())).isEmpty();
  }

  private void assertGone(Job job) {
    assertThat(removed).containsExactly(job.id());
    assertThat(jobs.find(ALICE, job.id())).isEmpty();
    for (String table : List.of("job", "attempt", "job_event", "checkpoint")) {
      assertThat(rows(table)).as(table).isZero();
    }
  }

  private int rows(String table) {
    return fixture.sql.sql("select count(*) from " + table).query(Integer.class).single();
  }

  @Test
  void removingAWaitingJobCancelsItFirst() {
    Job job = fixture.submit(JobKind.GENERATION, ALICE, "never");

    assertThat(jobs.remove(ALICE, job.id())).contains(Removal.REMOVED);

    assertGone(job);
    assertThat(fixture.ended).extracting(JobEnded::state).containsExactly(JobState.CANCELED);
  }

  @Test
  void removingARunningJobHidesItAtOnce() {
    Job job = fixture.submit(JobKind.DECOMPOSITION, ALICE, "going");
    ClaimedJob claimed = fixture.take(JobKind.DECOMPOSITION);

    assertThat(jobs.remove(ALICE, job.id())).contains(Removal.STOPPING);

    assertThat(jobs.find(ALICE, job.id())).isEmpty();
    assertThat(jobs.list(new JobQuery(ALICE, null, Set.of(), Map.of(), null, 10))).isEmpty();
    assertThat(jobs.events(ALICE, job.id(), 0, 10)).isEmpty();
    assertThat(jobs.attempts(ALICE, job.id())).isEmpty();
    assertThat(jobs.cancel(ALICE, job.id())).isEmpty();
    assertThat(jobs.retry(ALICE, job.id())).isEmpty();
    assertThat(jobs.remove(ALICE, job.id())).isEmpty();
    assertThat(removed).isEmpty();
    assertThat(fixture.queue.running().progress(claimed, new Progress(1, 2, "JOINT", Map.of(), 1)))
        .isEqualTo(JobState.CANCEL_REQUESTED);
    assertThat(jobs.depths().get(JobKind.DECOMPOSITION).running())
        .as("its lane is not free")
        .isOne();
  }

  /** However a lane lets go of a job. */
  enum LaneEnd {
    SUCCEEDS,
    FAILS,
    HANDS_BACK,
    DIES
  }

  @ParameterizedTest
  @EnumSource
  void whatWasRemovedWhileItRanGoesWithItsRun(LaneEnd end) {
    Job job = fixture.submit(JobKind.DECOMPOSITION, ALICE, "going");
    UUID ticket = fixture.tickets.all().iterator().next();
    Claim.Taken taken =
        (Claim.Taken) fixture.claim(ticket, 2, JobKind.DECOMPOSITION, 1, LaneCapacity.UNLIMITED);
    ClaimedJob claimed = taken.jobs().get(0);
    RunningJobs running = fixture.queue.running();
    running.checkpoint(claimed, 25, new byte[] {1});
    jobs.cancel(ALICE, job.id());
    jobs.remove(ALICE, job.id());

    switch (end) {
      case SUCCEEDS ->
          running.succeed(
              claimed,
              request("late"),
              () -> {
                throw new AssertionError("published");
              });
      case FAILS -> running.fail(claimed, FailureReason.OUT_OF_MEMORY, "too large");
      case HANDS_BACK -> running.handBack(claimed);
      case DIES ->
          assertThat(fixture.claim(ticket, 3, JobKind.DECOMPOSITION, 1, LaneCapacity.UNLIMITED))
              .isInstanceOf(Claim.Nothing.class);
    }

    assertGone(job);
    assertThatThrownBy(() -> running.progress(claimed, new Progress(2, 2, "JOINT", Map.of(), 1)))
        .isInstanceOf(FenceLostException.class);
  }

  @Test
  void listsNewestFirstWithACursorAndFilters() {
    List<Job> all = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      clock.advance(Duration.ofMillis(10));
      all.add(
          jobs.submit(
              Submission.of(
                      i % 2 == 0 ? JobKind.GENERATION : JobKind.DECOMPOSITION,
                      ALICE,
                      request("job " + i))
                  .labels(Map.of("parity", i % 2 == 0 ? "even" : "odd"))
                  .build()));
    }
    fixture.submit(JobKind.GENERATION, BOB, "other");

    List<Job> page = jobs.list(new JobQuery(ALICE, null, Set.of(), Map.of(), null, 2));
    assertThat(page).extracting(Job::id).containsExactly(all.get(4).id(), all.get(3).id());
    List<Job> next = jobs.list(new JobQuery(ALICE, null, Set.of(), Map.of(), page.get(1).id(), 10));
    assertThat(next)
        .extracting(Job::id)
        .containsExactly(all.get(2).id(), all.get(1).id(), all.get(0).id());
    assertThat(jobs.list(new JobQuery(ALICE, JobKind.DECOMPOSITION, Set.of(), Map.of(), null, 10)))
        .hasSize(2);
    assertThat(jobs.list(new JobQuery(ALICE, null, Set.of(), Map.of("parity", "odd"), null, 10)))
        .hasSize(2);
    assertThat(jobs.list(new JobQuery(ALICE, null, Set.of(JobState.SUCCEEDED), Map.of(), null, 10)))
        .isEmpty();
  }

  @Test
  void eventsAreReplayedFromAnyNumberAndBounded() {
    QueueSettings few =
        new QueueSettings(
            200,
            16,
            10_000,
            Duration.ofMinutes(5),
            3,
            50,
            1,
            0,
            Duration.ofSeconds(2),
            50,
            Duration.ZERO,
            Duration.ZERO);
    use(few);
    Job job = fixture.submit(JobKind.DECOMPOSITION, ALICE, "chatty");
    ClaimedJob claimed = fixture.take(JobKind.DECOMPOSITION);
    for (int step = 1; step <= 200; step++) {
      fixture.queue.running().progress(claimed, progress(step));
    }
    fixture.queue.running().succeed(claimed, request("x"), () -> {});

    List<JobEvent> events = jobs.events(ALICE, job.id(), 0, 1000);
    Job after = fixture.read(job);

    assertThat(events).hasSize(50);
    assertThat(events.get(events.size() - 1).type()).isEqualTo(JobEvent.Type.SUCCEEDED);
    assertThat(events.get(events.size() - 1).seq()).isEqualTo(after.version());
    assertThat(events).extracting(JobEvent::seq).isSorted().doesNotHaveDuplicates();
    assertThat(jobs.events(ALICE, job.id(), after.version() - 3, 1000)).hasSize(3);
    assertThat(events.get(events.size() - 2).data().get("step").asInt()).isEqualTo(200);
  }

  @Test
  void aWaitingJobKnowsItsPlaceInTheFairOrder() {
    List<Job> greedy = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      greedy.add(fixture.submit(JobKind.DECOMPOSITION, ALICE, "greedy " + i));
    }
    clock.advance(Duration.ofSeconds(1));
    Job modest = fixture.submit(JobKind.DECOMPOSITION, BOB, "modest");

    assertThat(position(greedy.get(0))).isEqualTo(1);
    assertThat(position(modest)).isEqualTo(2);
    assertThat(position(greedy.get(4))).isEqualTo(6);
    fixture.take(JobKind.DECOMPOSITION);
    assertThat(position(modest)).isEqualTo(1);
    assertThat(jobs.places(JobKind.DECOMPOSITION, List.of(fixture.read(greedy.get(0))))).isEmpty();
  }

  @Test
  void aWaitIsForetoldFromRunsOfTheSameKindHoweverOldTheyAre() {
    fixture.submit(JobKind.DECOMPOSITION, ALICE, "first");
    ClaimedJob first = fixture.take(JobKind.DECOMPOSITION);
    clock.advance(Duration.ofSeconds(8));
    fixture.queue.running().succeed(first, request("done"), () -> {});
    generateForMonths();
    Job waiting = fixture.submit(JobKind.DECOMPOSITION, ALICE, "second");

    assertThat(jobs.places(JobKind.DECOMPOSITION, List.of(waiting)).get(waiting.id()))
        .extracting(QueuePlace::estimatedWait)
        .isEqualTo(Duration.ofSeconds(8));
    assertThat(
            fixture
                .sql
                .sql("explain " + Jobs.TYPICAL_RUN)
                .param("kind", JobKind.DECOMPOSITION.name())
                .query(String.class)
                .list())
        .anyMatch(line -> line.contains("job_recent"));
  }

  /** As 20,000 generations leave the tables. */
  private void generateForMonths() {
    fixture
        .sql
        .sql(
            """
            insert into job (id, kind, tenant, state, priority, queue_order, labels, request,
                created_at, queued_at, updated_at, finished_at)
            select gen_random_uuid(), 'GENERATION', :tenant, 'SUCCEEDED', 0, at, '{}', '{}',
                at, at, at, at
            from generate_series(1, 20000) i,
                lateral (select :now::timestamptz + i * interval '1 minute' as at) time
            """)
        .param("tenant", ALICE)
        .param("now", JobRows.at(clock.instant()))
        .update();
    fixture
        .sql
        .sql(
            """
            insert into attempt (job_id, fence, number, worker, lane, batch_size, started_at,
                ended_at, outcome)
            select id, 1, 1, 'w', 'l', 1, finished_at, finished_at, 'SUCCEEDED'
            from job where kind = 'GENERATION'
            """)
        .update();
    fixture.sql.sql("analyze job, attempt").update();
  }

  private int position(Job job) {
    return jobs.places(job.kind(), List.of(job)).get(job.id()).position();
  }

  private static QueueSettings settingsWithQueuedCap(int cap) {
    return new QueueSettings(
        cap,
        16,
        10_000,
        Duration.ofMinutes(5),
        3,
        50,
        1,
        0,
        Duration.ofSeconds(2),
        1024,
        Duration.ZERO,
        Duration.ZERO);
  }

  private static Progress progress(int step) {
    return new Progress(step, 200, "STYLE", Map.of("style", 1.5), 20);
  }
}
