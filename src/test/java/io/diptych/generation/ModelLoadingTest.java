package io.diptych.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.database.TestDatabase;
import io.diptych.engine.TestModels;
import io.diptych.http.Client.Reply;
import io.diptych.model.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which process loads which model, and what that means for its readiness. */
class ModelLoadingTest {

  @TempDir Path directory;

  @Test
  void anApiProcessLoadsNoWeightsAndAWorkerMakesItsPictures() {
    Path model = TestModels.TINY.write(directory.resolve("model"));
    try (TestDatabase database = TestDatabase.create();
        RunningService api =
            RunningService.start(database, directory, model, "--diptych.role=api").ready()) {
      String queued =
          api.generate("{\"prompt\": \"a cat\"}", "Prefer", "respond-async").header("Location");
      Models models = api.context.getBean(Models.class);
      assertThat(models.isLoaded(null, "cpu")).isFalse();
      assertThat(api.context.getBeansOfType(GenerationRunner.class)).isEmpty();

      try (RunningService worker =
          RunningService.start(database, directory, model, "--diptych.role=worker").ready()) {
        assertThat(worker.context.getBean(Models.class).isLoaded(null, "cpu")).isTrue();
        assertThat(worker.generate("{\"prompt\": \"a cat\"}").status()).isEqualTo(404);
        api.awaitState(queued, "SUCCEEDED");
        assertThat(api.generate("{\"prompt\": \"a cat\"}").status()).isEqualTo(201);
      }
      assertThat(models.isLoaded(null, "cpu")).isFalse();
    }
  }

  @Test
  void aWorkerWhoseModelIsDamagedIsAliveButNotReady() throws IOException {
    Path model = TestModels.TINY.write(directory.resolve("model"));
    Files.delete(model.resolve("switti.safetensors"));
    try (TestDatabase database = TestDatabase.create();
        RunningService service = RunningService.start(database, directory, model)) {
      assertThat(service.client.get("/actuator/health/readiness").status()).isEqualTo(503);
      assertThat(service.client.get("/actuator/health/liveness").status()).isEqualTo(200);
      Reply waiting = service.generate("{\"prompt\": \"a cat\"}", "Prefer", "wait=1");
      assertThat(waiting.status()).isEqualTo(202);
      assertThat(waiting.json().get("state").asString()).isEqualTo("QUEUED");
      assertThat(service.get("/models").json().get("items")).hasSize(1);
    }
  }

  @Test
  void aRestartKeepsPictures() {
    Path model = TestModels.TINY.write(directory.resolve("model"));
    try (TestDatabase database = TestDatabase.create()) {
      String href;
      byte[] png;
      try (RunningService service = RunningService.start(database, directory, model)) {
        href =
            service
                .generate("{\"prompt\": \"a cat\"}", "Prefer", "wait=60")
                .json()
                .get("images")
                .get(0)
                .get("href")
                .asString();
        png = service.bytes(href);
      }
      try (RunningService service = RunningService.start(database, directory, model)) {
        assertThat(service.bytes(href)).isEqualTo(png);
      }
    }
  }
}
