package io.diptych.decomposition;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.database.TestDatabase;
import io.diptych.decomposition.TestService.Caller;
import io.diptych.http.problem.ProblemType;
import io.diptych.ops.HousekeepingTask;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.JsonNode;

/** What becomes of decompositions over restarts and over time. */
class DecompositionLifeTest {

  private static final String SHORT = "{\"contentWord\": \"fox\", \"steps\": 30, \"seed\": 7}";

  @Test
  void aRestartKeepsEverythingReadableAndRunsGoOn(@TempDir Path directory) {
    try (TestDatabase database = TestDatabase.create()) {
      JsonNode done;
      byte[] artifact;
      byte[] preview;
      String interrupted;
      String tenant;
      try (TestService before = start(database, directory)) {
        Caller alice = before.newTenant();
        tenant = alice.name();
        done = alice.run(SHORT, "SUCCEEDED");
        artifact = alice.bytes(done.get("links").get("artifact").asString());
        preview = alice.bytes(done.get("links").get("previews").get(0).asString());
        interrupted = alice.submit(SHORT.replace("30", "200")).header("Location");
        TestService.await()
            .until(() -> alice.get(interrupted).json().path("progress").path("step").asInt() > 5);
      }
      try (TestService after = start(database, directory)) {
        Caller alice = after.tenant(tenant);
        String self = done.get("links").get("self").asString();
        assertThat(alice.get(self).json()).isEqualTo(done);
        assertThat(alice.bytes(self + "/artifact")).isEqualTo(artifact);
        assertThat(alice.bytes(done.get("links").get("previews").get(0).asString()))
            .isEqualTo(preview);

        JsonNode resumed = alice.until(interrupted, "SUCCEEDED");
        JsonNode attempts = alice.get(interrupted + "/attempts").json().get("items");
        assertThat(attempts.get(0).get("outcome").asString()).isEqualTo("HANDED_BACK");
        assertThat(resumed.get("attempt").asInt()).isEqualTo(1);
        JsonNode whole = alice.run(SHORT.replace("30", "200"), "SUCCEEDED");
        assertThat(resumed.get("result").get("artifactSha256"))
            .isEqualTo(whole.get("result").get("artifactSha256"));
      }
    }
  }

  private static TestService start(TestDatabase database, Path directory) {
    return TestService.start(database, directory, "diptych.decomposition.preview-steps=10");
  }

  /** Its chores run when a test says so, and not once at the start. */
  private static TestService startWithoutChores(TestDatabase database, Path directory) {
    return TestService.start(database, directory, "diptych.housekeeping.enabled=false");
  }

  @Test
  void anArtifactPastItsRetentionIsGoneAndSaysSo(@TempDir Path directory) {
    try (TestDatabase database = TestDatabase.create();
        TestService service = start(database, directory)) {
      Caller alice = service.newTenant();
      JsonNode done = alice.run("{\"steps\": 1}", "SUCCEEDED");
      String self = done.get("links").get("self").asString();
      Leftovers leftovers = service.context().getBean(Leftovers.class);

      assertThat(leftovers.expireArtifacts(null)).isZero();
      assertThat(leftovers.expireArtifacts(Duration.ofHours(1))).isZero();
      assertThat(leftovers.expireArtifacts(Duration.ofNanos(1))).isEqualTo(1);

      assertThat(service.stored(done.get("id").asString())).isEmpty();
      assertThat(alice.get(self + "/artifact").status()).isEqualTo(410);
      assertThat(alice.get(self + "/artifact").json().get("type").asString())
          .isEqualTo(ProblemType.JOB_EXPIRED.uri());
      JsonNode after = alice.get(self).json();
      assertThat(after.get("links").has("artifact")).isFalse();
      assertThat(after.get("links").has("previews")).isFalse();
      assertThat(
              alice
                  .post(
                      "/contact-sheets",
                      "{\"rows\":[{\"pictures\":[{\"decomposition\":\"%s\"}]}]}"
                          .formatted(done.get("id").asString()))
                  .status())
          .isEqualTo(410);
      assertThat(after.get("result").has("artifactExpiredAt")).isTrue();
    }
  }

  @Test
  void theSweepDeletesWhatTheStoreKeptPastItsRetention(@TempDir Path directory) {
    try (TestDatabase database = TestDatabase.create();
        TestService service = startWithoutChores(database, directory)) {
      JsonNode done = service.newTenant().run("{\"steps\": 1}", "SUCCEEDED");
      UUID id = UUID.fromString(done.get("id").asString());
      service.context().getBean(Leftovers.class).expireArtifacts(Duration.ofNanos(1));
      service.context().getBean(BlobStore.class).put(id, BlobKind.IMAGE, new byte[] {1});
      service.age(Duration.ofHours(25));

      assertThat(service.chore("sweep-blobs").run()).as("leaves its mark").isZero();
      assertThat(service.chore("sweep-blobs").run()).isEqualTo(1);
      assertThat(service.stored(id.toString())).isEmpty();
    }
  }

  @Test
  void theSweepDeletesNothingThatIsOlderThanTheDatabase(@TempDir Path directory) {
    try (TestDatabase database = TestDatabase.create();
        TestDatabase recreated = TestDatabase.create();
        TestService service = startWithoutChores(database, directory);
        TestService other = startWithoutChores(recreated, directory)) {
      JsonNode done = service.newTenant().run("{\"steps\": 1}", "SUCCEEDED");
      service.age(Duration.ofHours(25));
      other.newTenant().run("{\"steps\": 1}", "SUCCEEDED");

      assertThat(other.chore("sweep-blobs").run()).as("leaves its mark").isZero();
      assertThat(other.chore("sweep-blobs").run()).as("alone with its mark").isZero();
      assertThat(service.stored(done.get("id").asString())).hasSize(2);
    }
  }

  @Test
  void theSweepDeletesWhatBelongsToNoDecompositionAndNothingElse(@TempDir Path directory) {
    try (TestDatabase database = TestDatabase.create();
        TestService service = startWithoutChores(database, directory)) {
      Caller alice = service.newTenant();
      JsonNode done = alice.run("{\"steps\": 1}", "SUCCEEDED");
      BlobStore store = service.context().getBean(BlobStore.class);
      UUID orphan = UUID.randomUUID();
      store.put(orphan, BlobKind.IMAGE, new byte[] {1});
      HousekeepingTask sweep = service.chore("sweep-blobs");
      assertThat(sweep.run()).as("leaves its mark").isZero();

      service.age(Duration.ofHours(23));
      assertThat(sweep.run()).isZero();
      service.age(Duration.ofHours(2));
      assertThat(sweep.run()).isEqualTo(1);

      assertThat(service.stored(orphan.toString())).isEmpty();
      assertThat(service.stored(done.get("id").asString())).hasSize(2);
    }
  }

  @Test
  void theSweepDeletesNothingOfAStoreThatAnotherDatabaseUses(@TempDir Path directory) {
    try (TestDatabase database = TestDatabase.create();
        TestDatabase recreated = TestDatabase.create();
        TestService service = startWithoutChores(database, directory);
        TestService other = startWithoutChores(recreated, directory)) {
      JdbcClient.create(recreated.dataSource())
          .sql("update installation set id = gen_random_uuid()")
          .update();
      JsonNode done = service.newTenant().run("{\"steps\": 1}", "SUCCEEDED");
      assertThat(service.chore("sweep-blobs").run()).as("leaves its mark").isZero();
      other.age(Duration.ofHours(25));

      assertThat(other.chore("sweep-blobs").run()).isZero();
      assertThat(service.stored(done.get("id").asString())).hasSize(2);

      UUID orphan = UUID.randomUUID();
      BlobStore store = service.context().getBean(BlobStore.class);
      store.put(orphan, BlobKind.IMAGE, new byte[] {1});
      service.age(Duration.ofHours(25));
      assertThat(service.chore("sweep-blobs").run())
          .as("an empty database left no mark")
          .isEqualTo(1);

      store.put(orphan, BlobKind.IMAGE, new byte[] {1});
      service.age(Duration.ofHours(25));
      other.newTenant().run("{\"steps\": 1}", "SUCCEEDED");
      assertThat(other.chore("sweep-blobs").run()).as("leaves a mark, too").isZero();
      assertThat(service.chore("sweep-blobs").run()).as("both refuse").isZero();
      assertThat(service.stored(orphan.toString())).hasSize(1);
    }
  }

  @Test
  void aStoreThatIsAwayRefusesSubmissionsAndLeavesNoJob(@TempDir Path directory) throws Exception {
    try (TestDatabase database = TestDatabase.create();
        TestService service = start(database, directory)) {
      Caller alice = service.newTenant();
      // A file where the store's folder should be.
      FileSystemUtils.deleteRecursively(directory.resolve("store"));
      Files.write(directory.resolve("store"), new byte[0]);

      assertThat(alice.submit(SHORT).status()).isEqualTo(503);

      assertThat(alice.get("/decompositions").json().get("items")).isEmpty();
    }
  }
}
