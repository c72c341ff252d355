package io.diptych.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.database.TestDatabase;
import io.diptych.decomposition.TestService;
import io.diptych.decomposition.TestService.Caller;
import io.diptych.ops.HousekeepingTask;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class OrphanedPicturesTest {

  @Test
  void picturesOfNoOutcomeAreSweptAfterADayAndNoOthers(@TempDir Path directory) {
    try (TestDatabase database = TestDatabase.create();
        TestService api = TestService.start(database, directory, "diptych.role=api")) {
      Caller alice = api.newTenant();
      UUID finished;
      UUID canceled;
      try (TestService worker = TestService.start(database, directory)) {
        assertThat(worker.context().isActive()).isTrue();
        finished = id(alice.generate("{\"prompt\": \"a cat\", \"count\": 2}").json());
        alice.until("/generations/" + finished, "SUCCEEDED");
      }
      canceled = id(alice.generate("{\"prompt\": \"a dog\"}", "Prefer", "respond-async").json());
      alice.post("/generations/" + canceled + "/cancel");
      UUID live = id(alice.generate("{\"prompt\": \"an owl\"}", "Prefer", "respond-async").json());
      UUID removed = UUID.randomUUID();
      BlobStore store = api.context().getBean(BlobStore.class);
      byte[] picture = {1};
      store.put(finished, BlobKind.OUTPUT, picture); // by a run that had lost the job
      store.put(canceled, BlobKind.OUTPUT, picture); // before the cancel was seen
      store.put(live, BlobKind.OUTPUT, picture); // by a run that died; the job is repeated
      store.put(removed, BlobKind.OUTPUT, picture); // after the job was gone
      HousekeepingTask sweep = api.chore("sweep-blobs");
      assertThat(sweep.run()).as("leaves its mark").isZero();

      api.age(Duration.ofHours(23));
      assertThat(sweep.run()).as("within the grace").isZero();
      api.age(Duration.ofHours(2));
      assertThat(sweep.run()).isEqualTo(3);

      assertThat(api.stored(canceled.toString())).isEmpty();
      assertThat(api.stored(removed.toString())).isEmpty();
      assertThat(api.stored(live.toString())).hasSize(1);
      assertThat(api.stored(finished.toString())).hasSize(2);
      for (JsonNode image : alice.get("/generations/" + finished).json().get("images")) {
        assertThat(alice.get(image.get("href").asString()).status()).isEqualTo(200);
      }
      assertThat(sweep.run()).isZero();
    }
  }

  private static UUID id(JsonNode generation) {
    return UUID.fromString(generation.get("id").asString());
  }
}
