package io.diptych.job;

import static io.diptych.job.QueueFixture.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.database.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JobSweepsTest {

  private final SettableClock clock = new SettableClock(Instant.parse("2026-03-01T12:00:00Z"));
  private TestDatabase database;
  private QueueFixture fixture;
  private JobSweeps sweeps;

  @BeforeEach
  void open() {
    database = TestDatabase.create();
    fixture = QueueFixture.over(database, clock);
    sweeps = fixture.queue.sweeps();
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void aJobThatDidNotStartInTimeExpiresAndIsNeverClaimed() {
    Job job =
        fixture
            .queue
            .jobs()
            .submit(
                Submission.of(JobKind.GENERATION, "a", request("late"))
                    .startWithin(Duration.ofSeconds(10))
                    .build());
    clock.advance(Duration.ofSeconds(11));

    assertThat(fixture.claim(JobKind.GENERATION, 1)).isInstanceOf(Claim.Nothing.class);
    assertThat(sweeps.expire()).isOne();

    Job expired = fixture.read(job);
    assertThat(expired.state()).isEqualTo(JobState.EXPIRED);
    assertThat(expired.error().code()).isEqualTo("deadline-exceeded");
    assertThat(fixture.ended).extracting(JobEnded::state).containsExactly(JobState.EXPIRED);
  }

  @Test
  void aStartDeadlineNoLongerCountsOnceTheJobRuns() {
    Job job =
        fixture
            .queue
            .jobs()
            .submit(
                Submission.of(JobKind.GENERATION, "a", request("in time"))
                    .startWithin(Duration.ofSeconds(10))
                    .build());
    fixture.take(JobKind.GENERATION);
    clock.advance(Duration.ofMinutes(10));

    assertThat(sweeps.expire()).isZero();
    assertThat(fixture.read(job).state()).isEqualTo(JobState.RUNNING);
  }

  @Test
  void aStartDeadlineNoLongerCountsOnceTheJobHasRunAndWasHandedBack() {
    Job job =
        fixture
            .queue
            .jobs()
            .submit(
                Submission.of(JobKind.GENERATION, "a", request("drained"))
                    .startWithin(Duration.ofSeconds(10))
                    .build());
    ClaimedJob claimed = fixture.take(JobKind.GENERATION);
    clock.advance(Duration.ofMinutes(10));
    fixture.queue.running().handBack(claimed);

    assertThat(sweeps.expire()).isZero();
    assertThat(fixture.take(JobKind.GENERATION).id()).isEqualTo(job.id());
  }

  @Test
  void aRunWhoseLaneDoesNotLookAtTheClockIsExpiredByTheSweepAndItsWritesAreRefused() {
    Job job =
        fixture
            .queue
            .jobs()
            .submit(
                Submission.of(JobKind.DECOMPOSITION, "a", request("endless"))
                    .finishWithin(Duration.ofMinutes(1))
                    .build());
    ClaimedJob claimed = fixture.take(JobKind.DECOMPOSITION);
    clock.advance(Duration.ofSeconds(70));
    assertThat(sweeps.expire()).as("the lane gets 30 s to do it itself").isZero();
    clock.advance(Duration.ofSeconds(30));

    assertThat(sweeps.expire()).isOne();

    assertThat(fixture.read(job).state()).isEqualTo(JobState.EXPIRED);
    assertThat(fixture.queue.running().succeed(claimed, request("late result"), () -> {}).state())
        .isEqualTo(JobState.EXPIRED);
  }

  @Test
  void jobsAreKeptAsLongAsTheirStateSays() {
    Job failed = end(FailureReason.INTERNAL);
    Job succeeded = fixture.submit(JobKind.GENERATION, "a", "fine");
    fixture.queue.running().succeed(fixture.take(JobKind.GENERATION), request("x"), () -> {});
    Job waiting = fixture.submit(JobKind.GENERATION, "a", "waiting");
    clock.advance(Duration.ofDays(31));

    int removed = sweeps.removeOld(Map.of(JobState.FAILED, Duration.ofDays(30)));

    assertThat(removed).isOne();
    assertThat(fixture.queue.jobs().find("a", failed.id())).isEmpty();
    assertThat(fixture.read(succeeded).state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(fixture.read(waiting).state()).isEqualTo(JobState.QUEUED);
  }

  @Test
  void aRemovedJobThatAnOlderReleaseEndedIsRemoved() {
    Job left = fixture.submit(JobKind.GENERATION, "a", "left");
    Job canceled = fixture.submit(JobKind.GENERATION, "a", "canceled");
    fixture.queue.jobs().cancel("a", left.id());
    fixture.queue.jobs().cancel("a", canceled.id());
    fixture
        .sql
        .sql("update job set removing = true where id = :id")
        .param("id", left.id())
        .update();

    assertThat(sweeps.removeOld(Map.of())).isOne();

    assertThat(sweeps.existing(List.of(left.id(), canceled.id())))
        .extracting(Job::id)
        .containsExactly(canceled.id());
  }

  @Test
  void waitingJobsWhoseTicketsDisappearedGetNewOnes() {
    fixture.submit(JobKind.GENERATION, "a", "one");
    fixture.submit(JobKind.GENERATION, "b", "two");
    fixture.sql.sql("delete from ticket_generation").update();
    clock.advance(Duration.ofMinutes(2));

    assertThat(sweeps.repair(fixture.tickets.all())).isEqualTo(2);
    assertThat(fixture.tickets.waiting(JobKind.GENERATION)).isEqualTo(2);
    assertThat(sweeps.repair(fixture.tickets.all())).isZero();
  }

  @Test
  void aRunningJobWhoseTicketDisappearedIsQueuedAgain() {
    Job job = fixture.submit(JobKind.DECOMPOSITION, "a", "orphan");
    UUID ticket = fixture.tickets.all().iterator().next();
    fixture.claim(ticket, 2, JobKind.DECOMPOSITION, 1, LaneCapacity.UNLIMITED);
    clock.advance(Duration.ofMinutes(2));
    assertThat(sweeps.repair(fixture.tickets.all())).as("its ticket is there").isZero();

    sweeps.repair(Set.of());

    assertThat(fixture.read(job).state()).isEqualTo(JobState.QUEUED);
    assertThat(fixture.read(job).attempt()).isEqualTo(2);
  }

  private Job end(FailureReason reason) {
    Job job = fixture.submit(JobKind.GENERATION, "a", "fails");
    return fixture.queue.running().fail(fixture.take(JobKind.GENERATION), reason, "failed");
  }
}
