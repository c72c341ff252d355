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
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RunningJobsTest {

  private static final String TENANT = "alice";

  private final SettableClock clock = new SettableClock(Instant.parse("2026-03-01T12:00:00Z"));
  private TestDatabase database;
  private QueueFixture fixture;
  private RunningJobs running;

  @BeforeEach
  void open() {
    database = TestDatabase.create();
    fixture = QueueFixture.over(database, clock);
    running = fixture.queue.running();
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void aZombieWriterWithAnOldFenceIsRefusedEverywhere() {
    Job job = fixture.submit(JobKind.DECOMPOSITION, TENANT, "contested");
    UUID ticket = UUID.randomUUID();
    ClaimedJob zombie = claim(ticket, 2);
    running.checkpoint(zombie, 25, new byte[] {25});
    ClaimedJob owner = claim(ticket, 4);
    running.progress(owner, progress(26));
    Job before = fixture.read(job);
    List<String> published = new ArrayList<>();

    List<ThrowingCallable> writes =
        List.of(
            () -> running.progress(zombie, progress(99)),
            () -> running.preview(zombie, 99, () -> published.add("stale")),
            () -> running.checkpoint(zombie, 50, new byte[] {50}),
            () -> running.succeed(zombie, request("stale"), () -> published.add("stale")),
            () -> running.fail(zombie, FailureReason.INTERNAL, "stale"),
            () -> running.expire(zombie),
            () -> running.handBack(zombie));
    for (ThrowingCallable write : writes) {
      assertThatThrownBy(write).isInstanceOf(FenceLostException.class);
    }

    assertThat(fixture.read(job)).isEqualTo(before);
    assertThat(published).isEmpty();
    assertThat(running.latestCheckpoint(job.id()).orElseThrow().step()).isEqualTo(25);
    assertThat(running.succeed(owner, request("fresh"), () -> published.add("fresh")).state())
        .isEqualTo(JobState.SUCCEEDED);
    assertThat(published).containsExactly("fresh");
    System.out.printf("zombie: %d of %d stale writes refused%n", writes.size(), writes.size());
  }

  @Test
  void aResultAndItsRowsAppearTogetherOrNotAtAll() {
    fixture.sql.sql("create table feature_row (job uuid)").update();
    Job job = fixture.submit(JobKind.GENERATION, TENANT, "images");
    ClaimedJob claimed = fixture.take(JobKind.GENERATION);

    assertThatThrownBy(
            () ->
                running.succeed(
                    claimed,
                    request("x"),
                    () -> {
                      insertRow(job.id());
                      throw new IllegalStateException("half way");
                    }))
        .hasMessage("half way");
    assertThat(rowCount()).isZero();
    assertThat(fixture.read(job).state()).isEqualTo(JobState.RUNNING);

    running.succeed(claimed, request("x"), () -> insertRow(job.id()));
    assertThat(rowCount()).isOne();
    assertThat(fixture.read(job).state()).isEqualTo(JobState.SUCCEEDED);
  }

  @Test
  void aPreviewAndItsRowsAppearTogetherOrNotAtAll() {
    fixture.sql.sql("create table feature_row (job uuid)").update();
    Job job = fixture.submit(JobKind.DECOMPOSITION, TENANT, "preview");
    ClaimedJob claimed = fixture.take(JobKind.DECOMPOSITION);

    assertThatThrownBy(
            () ->
                running.preview(
                    claimed,
                    50,
                    () -> {
                      insertRow(job.id());
                      throw new IllegalStateException("half way");
                    }))
        .hasMessage("half way");
    assertThat(rowCount()).isZero();
    assertThat(fixture.read(job).version()).as("no event").isEqualTo(job.version() + 1);

    running.preview(claimed, 50, () -> insertRow(job.id()));
    assertThat(rowCount()).isOne();
    assertThat(fixture.read(job).version()).isEqualTo(job.version() + 2);
  }

  @Test
  void anEndThatIsWrittenTwiceBecauseItsAnswerGotLostStands() {
    fixture.submit(JobKind.GENERATION, TENANT, "x");
    ClaimedJob claimed = fixture.take(JobKind.GENERATION);
    List<String> published = new ArrayList<>();

    Job first = running.succeed(claimed, request("x"), () -> published.add("once"));
    Job second = running.succeed(claimed, request("x"), () -> published.add("twice"));

    assertThat(second).isEqualTo(first);
    assertThat(published).containsExactly("once");
  }

  @Test
  void theTwoNewestCheckpointsAreKept() {
    Job job = fixture.submit(JobKind.DECOMPOSITION, TENANT, "long");
    ClaimedJob claimed = fixture.take(JobKind.DECOMPOSITION);
    for (int step = 25; step <= 100; step += 25) {
      running.checkpoint(claimed, step, new byte[] {(byte) step});
    }

    assertThat(
            fixture
                .sql
                .sql("select step from checkpoint order by step")
                .query(Integer.class)
                .list())
        .containsExactly(75, 100);
    assertThat(running.latestCheckpoint(job.id()).orElseThrow().content())
        .containsExactly((byte) 100);
  }

  @Test
  void aHandBackCountsNoAttemptAndKeepsTheJobsPlace() {
    Job first = fixture.submit(JobKind.DECOMPOSITION, TENANT, "first");
    clock.advance(Duration.ofSeconds(1));
    fixture.submit(JobKind.DECOMPOSITION, TENANT, "second");
    ClaimedJob claimed = fixture.take(JobKind.DECOMPOSITION);
    running.checkpoint(claimed, 30, new byte[] {30});

    Job after = running.handBack(claimed);

    assertThat(after.state()).isEqualTo(JobState.QUEUED);
    assertThat(after.attempt()).isEqualTo(1);
    ClaimedJob again = fixture.take(JobKind.DECOMPOSITION);
    assertThat(again.id()).isEqualTo(first.id());
    assertThat(again.attempt()).isEqualTo(1);
    assertThat(running.latestCheckpoint(again.id()).orElseThrow().step()).isEqualTo(30);
    assertThat(fixture.queue.jobs().attempts(TENANT, first.id()))
        .extracting(Attempt::outcome)
        .containsExactly(Attempt.Outcome.HANDED_BACK, null);
  }

  @Test
  void eachReasonHasItsOwnNumberOfRepeats() {
    assertThat(runsUntilFailed(FailureReason.DEVICE_FAILURE)).isEqualTo(4);
    assertThat(runsUntilFailed(FailureReason.OUT_OF_MEMORY)).isEqualTo(2);
    assertThat(runsUntilFailed(FailureReason.NUMERIC_DIVERGENCE)).isEqualTo(1);
    assertThat(runsUntilFailed(FailureReason.INVALID_REQUEST)).isEqualTo(1);
    assertThat(runsUntilFailed(FailureReason.INTERNAL)).isEqualTo(1);
  }

  @Test
  void repeatsWaitLongerEachTime() {
    Job job = fixture.submit(JobKind.DECOMPOSITION, TENANT, "flaky device");
    List<Long> waits = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Job after =
          running.fail(
              fixture.take(JobKind.DECOMPOSITION), FailureReason.DEVICE_FAILURE, "driver error");
      waits.add(Duration.between(clock.instant(), after.notBefore()).toSeconds());
      assertThat(fixture.claim(JobKind.DECOMPOSITION, 1)).isInstanceOf(Claim.Nothing.class);
      clock.advance(Duration.ofSeconds(20));
    }
    assertThat(waits).containsExactly(2L, 4L, 8L);
    assertThat(fixture.read(job).attempt()).isEqualTo(4);
  }

  @Test
  void anOutageOfTheStoreIsOutlastedForHours() {
    fixture.submit(JobKind.DECOMPOSITION, TENANT, "no store");
    Duration waited = Duration.ZERO;
    Duration longest = Duration.ZERO;
    Job after =
        running.fail(fixture.take(JobKind.DECOMPOSITION), FailureReason.DEVICE_FAILURE, "driver");
    int repeats = -1; // That failure counts for itself.
    while (after.state() == JobState.QUEUED) {
      repeats++;
      Duration wait = Duration.between(clock.instant(), after.notBefore());
      waited = waited.plus(wait);
      longest = wait.compareTo(longest) > 0 ? wait : longest;
      clock.advance(wait);
      after =
          running.fail(
              fixture.take(JobKind.DECOMPOSITION), FailureReason.DEPENDENCY_FAILURE, "away");
    }
    assertThat(repeats).isEqualTo(50);
    assertThat(longest).isEqualTo(Duration.ofMinutes(5));
    assertThat(waited).isBetween(Duration.ofHours(3), Duration.ofHours(4));
  }

  @Test
  void aDivergedRunLeavesNoCheckpointForARetry() {
    Job job = fixture.submit(JobKind.DECOMPOSITION, TENANT, "diverges");
    ClaimedJob claimed = fixture.take(JobKind.DECOMPOSITION);
    running.checkpoint(claimed, 25, new byte[] {1});

    running.fail(claimed, FailureReason.NUMERIC_DIVERGENCE, "The loss became infinite.");

    assertThat(running.latestCheckpoint(job.id())).isEmpty();
    assertThat(fixture.read(job).error())
        .isEqualTo(new JobError("numeric-divergence", "The loss became infinite.", false));
  }

  @Test
  void progressIsThatOfTheRunThatReportedIt() {
    Job job = fixture.submit(JobKind.DECOMPOSITION, TENANT, "diverges late");
    ClaimedJob claimed = fixture.take(JobKind.DECOMPOSITION);
    running.progress(claimed, progress(140));
    running.fail(claimed, FailureReason.NUMERIC_DIVERGENCE, "The loss became infinite.");
    assertThat(fixture.read(job).progress().step()).isEqualTo(140);

    assertThat(fixture.queue.jobs().retry(TENANT, job.id()).orElseThrow().progress()).isNull();
    ClaimedJob again = fixture.take(JobKind.DECOMPOSITION);
    running.progress(again, progress(20));
    running.handBack(again);
    assertThat(fixture.read(job).progress().step()).as("while it waits").isEqualTo(20);
    ClaimedJob third = fixture.take(JobKind.DECOMPOSITION);
    assertThat(fixture.read(job).progress()).isNull();
    running.fail(third, FailureReason.OUT_OF_MEMORY, "too big");

    assertThat(fixture.queue.jobs().attempts(TENANT, job.id()))
        .extracting(Attempt::lastStep)
        .containsExactly(140, 20, null);
  }

  @Test
  void aRetryByTheOwnerGivesAllRepeatsBack() {
    Job job = fixture.submit(JobKind.DECOMPOSITION, TENANT, "out of memory");
    for (int i = 0; i < 2; i++) {
      running.fail(fixture.take(JobKind.DECOMPOSITION), FailureReason.OUT_OF_MEMORY, "too big");
      clock.advance(Duration.ofMinutes(1));
    }
    assertThat(fixture.read(job).state()).isEqualTo(JobState.FAILED);
    fixture.queue.jobs().retry(TENANT, job.id());

    Job after =
        running.fail(fixture.take(JobKind.DECOMPOSITION), FailureReason.OUT_OF_MEMORY, "too big");

    assertThat(after.state()).isEqualTo(JobState.QUEUED);
  }

  private int runsUntilFailed(FailureReason reason) {
    Job job = fixture.submit(JobKind.DECOMPOSITION, TENANT, reason.name());
    int runs = 0;
    Job after = job;
    while (after.state() == JobState.QUEUED) {
      runs++;
      after = running.fail(fixture.take(JobKind.DECOMPOSITION), reason, "failed");
      clock.advance(Duration.ofMinutes(1));
    }
    assertThat(after.state()).isEqualTo(JobState.FAILED);
    assertThat(after.error().code()).isEqualTo(reason.code());
    return runs;
  }

  private ClaimedJob claim(UUID ticket, long version) {
    return ((Claim.Taken)
            fixture.claim(ticket, version, JobKind.DECOMPOSITION, 1, LaneCapacity.UNLIMITED))
        .jobs()
        .get(0);
  }

  private void insertRow(UUID job) {
    fixture.sql.sql("insert into feature_row values (:job)").param("job", job).update();
  }

  private int rowCount() {
    return fixture.sql.sql("select count(*) from feature_row").query(Integer.class).single();
  }

  private static Progress progress(int step) {
    return new Progress(step, 200, "CONTENT", Map.of("content", 2.5), 20);
  }
}
