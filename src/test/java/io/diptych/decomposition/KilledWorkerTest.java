package io.diptych.decomposition;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.ChildJvm;
import io.diptych.Diptych;
import io.diptych.database.TestDatabase;
import io.diptych.decomposition.TestService.Caller;
import io.diptych.job.JobEvent;
import io.diptych.job.JobQueue;
import io.diptych.job.QueueFixture;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A worker process with the real engine dies without warning. */
class KilledWorkerTest {

  private static final int STEPS = 40;
  private static final int CHECKPOINT_STEPS = 10;

  private static final String REQUEST =
      "{\"contentWord\": \"fox\", \"styleWord\": \"flat\", \"steps\": %d, \"seed\": 7}"
          .formatted(STEPS);

  /** Death is seen in about a second. */
  private static final String[] WORKER = {
    "diptych.role=worker",
    "diptych.worker.checkpoint-steps=" + CHECKPOINT_STEPS,
    "diptych.tickets.poll=200ms",
    "diptych.tickets.heartbeat=200ms",
    "diptych.tickets.missed-heartbeats=4"
  };

  @Test
  void aDecompositionWhoseWorkerIsKilledEndsInTheArtifactOfAnUninterruptedRun(
      @TempDir Path directory) {
    try (TestDatabase database = TestDatabase.create();
        TestService api = TestService.startShipped(database, directory, "diptych.role=api")) {
      Caller alice = api.newTenant();
      String killed = alice.submit(REQUEST).header("Location");
      Instant began = Instant.now();
      Instant death;
      try (ChildJvm child = worker(database, directory)) {
        TestService.await().until(() -> step(alice, killed) > 2 * CHECKPOINT_STEPS);
        child.kill();
        death = Instant.now();
      }
      JsonNode orphaned = alice.get(killed).json();
      assertThat(orphaned.get("state").asString()).isEqualTo("RUNNING");
      int checkpoint = checkpoint(database, orphaned);
      assertThat(checkpoint).isBetween(2 * CHECKPOINT_STEPS, STEPS - 1);

      try (TestService second = TestService.startShipped(database, directory, WORKER)) {
        assertThat(second.context().isActive()).isTrue();
        JsonNode resumed = alice.until(killed, "SUCCEEDED");
        Duration took = Duration.between(death, Instant.now());
        assertThat(resumed.get("attempt").asInt()).isEqualTo(2);
        JsonNode attempts = alice.get(killed + "/attempts").json().get("items");
        assertThat(attempts.valueStream().map(each -> each.get("outcome").asString()))
            .containsExactly("FAILED", "SUCCEEDED");
        assertThat(attempts.get(0).get("reason").asString()).isEqualTo("WORKER_LOST");
        assertThat(firstStepOfLastRun(database, alice, orphaned)).isEqualTo(checkpoint + 1);

        String whole = alice.submit(REQUEST).header("Location");
        JsonNode uninterrupted = alice.until(whole, "SUCCEEDED");
        assertThat(uninterrupted.get("attempt").asInt()).isEqualTo(1);
        // Nothing in the file is of the job or of the time; so all of it must be equal.
        byte[] artifact = alice.bytes(killed + "/artifact");
        assertThat(artifact).isEqualTo(alice.bytes(whole + "/artifact"));
        assertThat(resumed.get("result").get("artifactSha256"))
            .isEqualTo(uninterrupted.get("result").get("artifactSha256"));
        System.out.printf(
            "kill -9 of a worker at step %d of %d: resumed from the checkpoint of step %d, done"
                + " %d ms after the kill (start of a second service included, as %d ms of the first"
                + " one's life were); artifact of %d bytes equal to an uninterrupted run's%n",
            orphaned.get("progress").get("step").asInt(),
            STEPS,
            checkpoint,
            took.toMillis(),
            Duration.between(began, death).toMillis(),
            artifact.length);
      }
    }
  }

  private static ChildJvm worker(TestDatabase database, Path directory) {
    List<String> arguments = new ArrayList<>(TestService.onDatabase(database, directory));
    Stream.of(WORKER).map("--"::concat).forEach(arguments::add);
    return ChildJvm.start(
        Diptych.class,
        List.of("-Xmx512m", "-XX:TieredStopAtLevel=1"),
        arguments.toArray(String[]::new));
  }

  private static int step(Caller alice, String path) {
    return alice.get(path).json().path("progress").path("step").asInt();
  }

  private static int checkpoint(TestDatabase database, JsonNode job) {
    return queue(database).running().latestCheckpoint(id(job)).orElseThrow().step();
  }

  private static JobQueue queue(TestDatabase database) {
    return QueueFixture.over(database, Clock.systemUTC()).queue;
  }

  private static UUID id(JsonNode job) {
    return UUID.fromString(job.get("id").asString());
  }

  /** From the job's own events: those of the stream are thinned out. */
  private static int firstStepOfLastRun(TestDatabase database, Caller owner, JsonNode job) {
    int step = 0;
    for (JobEvent event : queue(database).jobs().events(owner.name(), id(job), 0, 1000)) {
      if (event.type() == JobEvent.Type.STARTED) {
        step = 0;
      } else if (event.type() == JobEvent.Type.PROGRESS && step == 0) {
        step = event.data().get("step").asInt();
      }
    }
    return step;
  }
}
