package io.diptych.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.database.TestDatabase;
import io.diptych.job.Job;
import io.diptych.job.JobKind;
import io.diptych.job.JobState;
import io.diptych.job.QueueFixture;
import io.diptych.job.QueueSettings;
import io.diptych.job.SettableClock;
import io.diptych.job.ticket.Ticket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class WatchdogTest {

  @Test
  void aRunIsNotToBlameForATimeInWhichTheWholeProcessStoodStill() {
    try (TestDatabase database = TestDatabase.create()) {
      SettableClock clock = new SettableClock(Instant.now());
      QueueFixture queue =
          QueueFixture.over(database.dataSource(), clock, QueueSettings.defaults());
      Job job = queue.submit(JobKind.DECOMPOSITION, "alice", "asleep");
      WorkerSettings settings = WorkerFixture.settings("laptop");
      Runs runs = new Runs();
      List<String> exits = new ArrayList<>();
      Watchdog watchdog =
          new Watchdog(runs, queue.queue.running(), settings.stuckGrace(), clock, exits::add);
      Duration asleep = settings.stuckAtLeast().multipliedBy(4);
      FakeDecomposition runner =
          new FakeDecomposition(
              4,
              (any, step) -> {
                watchdog.look();
                if (step == 3) {
                  clock.advance(asleep);
                  watchdog.look();
                }
              });
      LaneWork lane =
          new LaneWork(
              queue.queue,
              WorkerFixture.decomposing(runner),
              new LanePool(Lane.on(settings.devices()), paused -> {}, resumed -> {}),
              runs,
              settings,
              clock,
              LaneListener.NONE,
              exits::add);

      lane.run(JobKind.DECOMPOSITION, new Ticket(UUID.randomUUID(), 1, new FirmLease()));

      assertThat(queue.read(job).state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(queue.read(job).attempt()).isEqualTo(1);
      assertThat(exits).isEmpty();
    }
  }
}
