package io.diptych.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.diptych.engine.Backbone;
import io.diptych.engine.EngineException;
import io.diptych.engine.TestModels;
import io.diptych.engine.csd.WordNetSubConcepts;
import io.diptych.engine.weights.ModelSource.Verification;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelsTest {

  @TempDir private Path cache;
  private Models models;

  @BeforeEach
  void open() {
    models = models("renamed", "classpath:/models/pocket/", null);
  }

  private Models models(String name, String location, @Nullable URI hub) {
    return new Models(
        new ModelSettings(Map.of(name, location), name, List.of(), cache, hub, Verification.ONCE),
        new WordNetSubConcepts());
  }

  @AfterEach
  void close() {
    models.close();
  }

  @Test
  void aJobRunsOnTheModelItWasPlannedForWhateverItsNameIsNow() {
    String digest = models.manifest("renamed").digest();

    assertThat(models.planned("old", digest, "cpu").info().digest()).isEqualTo(digest);
  }

  @Test
  void whoWaitsForALoadThatIsInterruptedLoadsTheModelItself(@TempDir Path folder) throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    HttpServer hub = hubThatIsSilentAtFirst(moveWeightsToTheHub(folder), asked);
    try (Models downloaded =
        models(
            "mine",
            folder.toString(),
            URI.create("http://localhost:" + hub.getAddress().getPort()))) {
      FutureTask<Backbone> interrupted = new FutureTask<>(() -> downloaded.backbone(null, "cpu"));
      Thread loader = start(interrupted);
      asked.await();
      FutureTask<Backbone> waiting = new FutureTask<>(() -> downloaded.backbone(null, "cpu"));
      Thread waiter = start(waiting);
      Awaitility.await().until(() -> waiter.getState() == Thread.State.WAITING);

      loader.interrupt();

      assertThat(waiting.get().info().name()).isEqualTo("test");
      assertThatThrownBy(interrupted::get).hasMessageContaining("was interrupted");
    } finally {
      hub.stop(0);
    }
  }

  @Test
  void theFilesOfOtherModelsAreFetchedBeforeAnyRunNeedsThem(@TempDir Path folder) throws Exception {
    CountDownLatch asked = new CountDownLatch(0);
    HttpServer hub = hubThatIsSilentAtFirst(moveWeightsToTheHub(folder.resolve("big")), asked);
    ModelSettings settings =
        new ModelSettings(
            Map.of("pocket", "classpath:/models/pocket/", "big", folder.resolve("big").toString()),
            "pocket",
            List.of(),
            cache,
            URI.create("http://localhost:" + hub.getAddress().getPort()),
            Verification.ONCE);
    try (Models both = new Models(settings, new WordNetSubConcepts())) {
      WarmUp warmUp = new WarmUp(both, List.of("cpu"));
      warmUp.start();
      Path fetched = cache.resolve("hub/org/model/main/switti.safetensors");
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() -> assertThat(fetched).exists());
      hub.stop(0);

      assertThat(both.backbone("big", "cpu").info().name()).isEqualTo("test");
      warmUp.stop();
    } finally {
      hub.stop(0);
    }
  }

  @Test
  void aModelThatIsNotCompleteNamesWhatIsMissing(@TempDir Path folder) throws Exception {
    moveWeightsToTheHub(folder);
    try (Models incomplete = models("mine", folder.toString(), null)) {
      assertThatThrownBy(() -> incomplete.fetch("mine"))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("switti.safetensors")
          .hasMessageContaining("no hub is configured");
    }
  }

  private static Thread start(Runnable work) {
    Thread thread = new Thread(work);
    thread.start();
    return thread;
  }

  /** Writes a model whose transformer is to be downloaded, and gives the bytes of that file. */
  private static byte[] moveWeightsToTheHub(Path folder) throws IOException {
    Path weights = TestModels.TINY.write(folder).resolve("switti.safetensors");
    Path manifest = folder.resolve("model.json");
    String name = "\"switti.safetensors\"";
    Files.writeString(
        manifest,
        Files.readString(manifest).replace(name, name + ", \"from\": \"hub:org/model@main\""));
    byte[] bytes = Files.readAllBytes(weights);
    Files.delete(weights);
    return bytes;
  }

  private static HttpServer hubThatIsSilentAtFirst(byte[] file, CountDownLatch asked)
      throws IOException {
    HttpServer hub =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    hub.createContext(
        "/",
        exchange -> {
          if (asked.getCount() > 0) {
            asked.countDown();
            return;
          }
          exchange.sendResponseHeaders(200, file.length);
          exchange.getResponseBody().write(file);
          exchange.close();
        });
    hub.start();
    return hub;
  }

  @Test
  void aJobPlannedForAModelThatIsGoneIsRefusedBeforeAnythingIsLoaded() {
    assertThatThrownBy(() -> models.planned("renamed", "0".repeat(64), "cpu"))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.MODEL_UNAVAILABLE))
        .hasMessageContaining("renamed");
    assertThat(models.isLoaded("renamed", "cpu")).isFalse();
  }

  @Test
  void aLaneCanRunEveryModelOnceTheStandardOneIsThere() {
    assertThat(models.capacity("cpu").able()).isFalse();

    models.backbone(null, "cpu");

    assertThat(models.capacity("cpu").able()).isTrue();
    assertThat(models.capacity("cpu").models()).isEqualTo(models.digests());
    assertThat(models.capacity("cuda:0").able()).isFalse();
  }
}
