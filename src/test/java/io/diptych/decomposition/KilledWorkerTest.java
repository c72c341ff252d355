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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Worker processes with the real engine go down in mid-run, one without warning and one by SIGTERM;
 * then a third one takes over what they left.
 */
class KilledWorkerTest {

  private static final int STEPS = 60;
  private static final int CHECKPOINT_STEPS = 10;

  /** SIGTERM, as the shell counts it. */
  private static final int TERMINATED = 128 + 15;

  private static final String REQUEST =
      "{\"contentWord\": \"fox\", \"styleWord\": \"flat\", \"steps\": %d, \"seed\": 7}"
          .formatted(STEPS);

  /** Death is seen in ten seconds; a machine that is busy for two is not taken for dead. */
  private static final String[] WORKER = {
    "diptych.role=worker",
    "diptych.worker.checkpoint-steps=" + CHECKPOINT_STEPS,
    "diptych.tickets.poll=200ms",
    "diptych.tickets.heartbeat=1s",
    "diptych.tickets.missed-heartbeats=10"
  };

  private static TestDatabase database;
  private static TestService api;
  private static Caller alice;
  private static Interrupted killed;
  private static Interrupted terminated;
  private static int exitCode;
  private static JsonNode uninterrupted;
  private static byte[] artifact;

  /**
   * A decomposition whose worker went down.
   *
   * @param left what the API said of it before another worker took it
   * @param checkpoint step of the newest checkpoint then
   * @param done at its end
   */
  private record Interrupted(
      String path, JsonNode left, int checkpoint, Instant at, JsonNode done, Duration took) {

    Interrupted resumed() {
      JsonNode end = alice.until(path, "SUCCEEDED");
      return new Interrupted(path, left, checkpoint, at, end, Duration.between(at, Instant.now()));
    }

    List<String> outcomes() {
      return attempts(path).valueStream().map(each -> each.get("outcome").asString()).toList();
    }
  }

  @BeforeAll
  static void interruptTwoRunsAndLetAThirdWorkerEndThem(@TempDir Path directory)
      throws InterruptedException {
    database = TestDatabase.create();
    api = TestService.startShipped(database, directory, "diptych.role=api");
    alice = api.newTenant();
    List<String> paths = List.of(submit(), submit());
    try (ChildJvm one = worker(directory, "one");
        ChildJvm two = worker(directory, "two")) {
      // Two processes start and load a model beside each other.
      TestService.await()
          .atMost(Duration.ofMinutes(5))
          .until(() -> paths.stream().anyMatch(KilledWorkerTest::isHalfWay));
      String ahead = paths.stream().filter(KilledWorkerTest::isHalfWay).findFirst().orElseThrow();
      boolean inOne = workerOf(ahead).equals("one");
      (inOne ? one : two).kill();
      killed = left(ahead);

      String behind = paths.get(1 - paths.indexOf(ahead));
      TestService.await().until(() -> isHalfWay(behind));
      ChildJvm other = inOne ? two : one;
      other.terminate();
      exitCode = other.awaitExit();
      terminated = left(behind);
    }
    try (TestService third = TestService.startShipped(database, directory, WORKER)) {
      assertThat(third.context().isActive()).isTrue();
      killed = killed.resumed();
      terminated = terminated.resumed();
      String whole = submit();
      uninterrupted = alice.until(whole, "SUCCEEDED");
      artifact = alice.bytes(whole + "/artifact");
    }
    assertThat(uninterrupted.get("attempt").asInt()).isEqualTo(1);
  }

  @AfterAll
  static void stop() {
    api.close();
    database.close();
  }

  @Test
  void aDecompositionWhoseWorkerIsKilledEndsInTheArtifactOfAnUninterruptedRun() {
    assertThat(killed.left().get("state").asString()).isEqualTo("RUNNING");
    assertThat(killed.checkpoint()).isBetween(2 * CHECKPOINT_STEPS, STEPS - 1);

    assertThat(killed.done().get("attempt").asInt()).isEqualTo(2);
    assertThat(killed.outcomes()).containsExactly("FAILED", "SUCCEEDED");
    assertThat(attempts(killed.path()).get(0).get("reason").asString()).isEqualTo("WORKER_LOST");
    assertEndsAsUninterrupted("kill -9", killed);
  }

  @Test
  void aDecompositionWhoseWorkerGetsSigtermIsHandedBackWithACheckpointAndNoAttemptCounted() {
    assertThat(exitCode).isEqualTo(TERMINATED);
    assertThat(terminated.left().get("state").asString()).isEqualTo("QUEUED");
    assertThat(terminated.left().get("attempt").asInt()).isEqualTo(1);
    assertThat(terminated.checkpoint())
        .as("the step it had reached")
        .isEqualTo(step(terminated.left()))
        .isBetween(2 * CHECKPOINT_STEPS, STEPS - 1);

    assertThat(terminated.done().get("attempt").asInt()).isEqualTo(1);
    assertThat(terminated.outcomes()).containsExactly("HANDED_BACK", "SUCCEEDED");
    assertEndsAsUninterrupted("SIGTERM", terminated);
  }

  private static void assertEndsAsUninterrupted(String what, Interrupted run) {
    assertThat(firstStepOfLastRun(run.done())).isEqualTo(run.checkpoint() + 1);
    // Nothing in the file is of the job or of the time; so all of it must be equal.
    assertThat(alice.bytes(run.path() + "/artifact")).isEqualTo(artifact);
    assertThat(run.done().get("result").get("artifactSha256"))
        .isEqualTo(uninterrupted.get("result").get("artifactSha256"));
    System.out.printf(
        "%s of a worker at step %d of %d: resumed from the checkpoint of step %d, done %d ms later"
            + " (start of another service included); artifact of %d bytes equal to an uninterrupted"
            + " run's%n",
        what, step(run.left()), STEPS, run.checkpoint(), run.took().toMillis(), artifact.length);
  }

  private static ChildJvm worker(Path directory, String name) {
    List<String> arguments = new ArrayList<>(TestService.onDatabase(database, directory));
    Stream.of(WORKER).map("--"::concat).forEach(arguments::add);
    arguments.add("--diptych.worker.name=" + name);
    return ChildJvm.start(
        Diptych.class,
        List.of("-Xmx512m", "-XX:TieredStopAtLevel=1"),
        arguments.toArray(String[]::new));
  }

  private static String submit() {
    return alice.submit(REQUEST).header("Location");
  }

  /** What is there while no worker has it. */
  private static Interrupted left(String path) {
    Instant at = Instant.now();
    JsonNode view = alice.get(path).json();
    int checkpoint = queue().running().latestCheckpoint(id(view)).orElseThrow().step();
    return new Interrupted(path, view, checkpoint, at, view, Duration.ZERO);
  }

  private static boolean isHalfWay(String path) {
    return step(alice.get(path).json()) > 2 * CHECKPOINT_STEPS;
  }

  private static int step(JsonNode job) {
    return job.path("progress").path("step").asInt();
  }

  private static JsonNode attempts(String path) {
    return alice.get(path + "/attempts").json().get("items");
  }

  private static String workerOf(String path) {
    return queue().jobs().attempts(alice.name(), id(alice.get(path).json())).get(0).worker();
  }

  private static JobQueue queue() {
    return QueueFixture.over(database, Clock.systemUTC()).queue;
  }

  private static UUID id(JsonNode job) {
    return UUID.fromString(job.get("id").asString());
  }

  /** From the job's own events: those of the stream are thinned out. */
  private static int firstStepOfLastRun(JsonNode job) {
    int step = 0;
    for (JobEvent event : queue().jobs().events(alice.name(), id(job), 0, 1000)) {
      if (event.type() == JobEvent.Type.STARTED) {
        step = 0;
      } else if (event.type() == JobEvent.Type.PROGRESS && step == 0) {
        step = event.data().get("step").asInt();
      }
    }
    return step;
  }
}
