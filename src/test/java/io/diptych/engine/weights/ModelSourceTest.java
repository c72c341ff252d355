package io.diptych.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.diptych.engine.EngineException;
import io.diptych.engine.weights.ModelSource.Settings;
import io.diptych.engine.weights.ModelSource.Verification;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelSourceTest {

  private static final byte[] WEIGHTS =
      new SafetensorsWriter().put("x", new float[100_000], 100_000).toBytes();
  private static final byte[] OTHER_WEIGHTS =
      new SafetensorsWriter().put("y", new float[100_000], 100_000).toBytes();
  private static final String FILE = "switti-ar.safetensors";

  @TempDir Path folder;
  @TempDir Path cache;

  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final CountDownLatch over = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;

  /** How the hub answers; a scenario changes it. */
  private Answer answer = exchange -> send(exchange, 200, WEIGHTS, WEIGHTS.length);

  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  @BeforeEach
  void startHub() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String range = exchange.getRequestHeaders().getFirst("Range");
          requests.add(exchange.getRequestURI() + (range == null ? "" : " " + range));
          answer.to(exchange);
          exchange.close();
        });
    server.setExecutor(threads); // so that a silent answer does not hold up the others
    server.start();
  }

  @AfterEach
  void stopHub() {
    over.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  @Test
  void aModelInAFolderIsOpened() throws IOException {
    ModelSource source = withManifest("", "");
    Files.write(folder.resolve(FILE), WEIGHTS);
    try (TensorFile weights = source.weights("switti")) {
      assertThat(weights.tensors()).containsOnlyKeys("x");
    }
    assertThat(source.file("switti", FILE).remaining()).isEqualTo(WEIGHTS.length);
  }

  @Test
  void aModelOnTheClassPathIsOpened() {
    ModelSource source = ModelSource.open("classpath:/models/sample", Settings.offline(cache));
    try (TensorFile weights = source.weights("switti")) {
      assertThat(weights.tensors()).containsKey("logits");
    }
  }

  @Test
  void aFolderWithoutAModelIsNamed() {
    assertThatThrownBy(() -> ModelSource.open(folder.toString(), Settings.offline(cache)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("There is no file")
        .hasMessageContaining(folder.resolve("model.json").toString());
  }

  @Test
  void aMissingFileIsNamedWithThePlacesSearched() throws IOException {
    assertThatThrownBy(() -> withManifest("", "").weights("switti"))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("There is no file " + folder.resolve(FILE));
    assertThatThrownBy(() -> withManifest("hub:org/model@main", "").weights("switti"))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("sample is not complete")
        .hasMessageContaining(folder.resolve("org/model/" + FILE).toString())
        .hasMessageContaining(cache.toString())
        .hasMessageContaining("no hub is configured");
  }

  @Test
  void aDamagedFileIsRefusedByItsDigest() throws IOException {
    ModelSource source = withManifest("", digest());
    byte[] damaged = WEIGHTS.clone();
    damaged[damaged.length - 1] ^= 1;
    Files.write(folder.resolve(FILE), damaged);
    assertThatThrownBy(() -> source.weights("switti"))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("is damaged or another version")
        .hasMessageContaining(digest());
  }

  @Test
  void aVerifiedFileIsNotReadAgainUntilItChanges() throws IOException {
    ModelSource source = withManifest("", digest());
    Path file = Files.write(folder.resolve(FILE), WEIGHTS);
    source.weights("switti").close();
    assertThat(cache.resolve("verified")).isNotEmptyDirectory();
    var modified = Files.getLastModifiedTime(file);
    byte[] damaged = WEIGHTS.clone();
    damaged[damaged.length - 1] ^= 1;
    Files.write(file, damaged);
    Files.setLastModifiedTime(file, modified); // looks untouched, so it is believed
    source.weights("switti").close();
    Files.setLastModifiedTime(file, FileTime.fromMillis(1));
    assertThatThrownBy(() -> source.weights("switti")).isInstanceOf(EngineException.class);
  }

  @Test
  void filesInHubLayoutsAreFoundWithoutADownload() throws IOException {
    ModelSource source = withManifest("hub:org/model@main", digest());
    Path plain = folder.resolve("org/model");
    Files.createDirectories(plain);
    Files.write(plain.resolve(FILE), WEIGHTS);
    source.weights("switti").close();
    Files.delete(plain.resolve(FILE));
    writeSnapshot("abc", WEIGHTS);
    source.weights("switti").close();
    assertThat(requests).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"main", "bbb"})
  void theSnapshotOfTheRevisionIsTakenBeforeAnyOther(String revision) throws IOException {
    writeSnapshot("aaa", OTHER_WEIGHTS);
    writeSnapshot("bbb", WEIGHTS);
    Path refs = Files.createDirectories(folder.resolve("models--org--model/refs"));
    Files.writeString(refs.resolve("main"), "bbb\n");
    for (String digest : List.of("", digest())) {
      try (TensorFile weights =
          withManifest("hub:org/model@" + revision, digest).weights("switti")) {
        assertThat(weights.tensors()).containsOnlyKeys("x");
      }
    }
  }

  @Test
  void aSnapshotOfAnotherRevisionIsTakenOnlyForItsDigest() throws IOException {
    writeSnapshot("aaa", OTHER_WEIGHTS);
    writeSnapshot("bbb", WEIGHTS);
    try (TensorFile weights = withManifest("hub:org/model@main", digest()).weights("switti")) {
      assertThat(weights.tensors()).containsOnlyKeys("x");
    }
    ModelSource withoutDigest = withManifest("hub:org/model@main", "");
    assertThatThrownBy(() -> withoutDigest.weights("switti"))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("models--org--model/snapshots/main/" + FILE)
        .hasMessageContaining("Other revisions have it in")
        .hasMessageContaining("only where the manifest has its sha256");
  }

  @Test
  void aFileIsDownloadedOnceAndVerified() throws IOException {
    ModelSource source = withHub(digest());
    source.weights("switti").close();
    source.weights("switti").close();
    assertThat(requests).containsExactly("/org/model/resolve/main/" + FILE);
  }

  @Test
  void aBrokenDownloadGoesOnWhereItStopped() throws IOException {
    answer =
        exchange -> {
          if (exchange.getRequestHeaders().containsKey("Range")) {
            sendRest(exchange);
          } else {
            send(exchange, 200, Arrays.copyOf(WEIGHTS, 150_000), WEIGHTS.length); // and breaks off
          }
        };
    withHub(digest()).weights("switti").close();
    assertThat(requests).hasSize(2);
    assertThat(requests.get(1)).contains("bytes=");
  }

  @Test
  @Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
  void aServerThatFallsSilentInTheMiddleIsAskedForTheRest() {
    answer =
        exchange -> {
          if (exchange.getRequestHeaders().containsKey("Range")) {
            sendRest(exchange);
          } else {
            send(exchange, 200, Arrays.copyOf(WEIGHTS, 150_000), WEIGHTS.length);
            fallSilent();
          }
        };
    impatient().run();
    assertThat(target()).hasBinaryContent(WEIGHTS);
    assertThat(requests).last().asString().contains("bytes=");
  }

  @Test
  @Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
  void aServerThatSendsNothingAfterItsHeadersIsGivenUp() {
    answer =
        exchange -> {
          send(exchange, 200, new byte[0], WEIGHTS.length);
          fallSilent();
        };
    assertThatThrownBy(() -> impatient().run())
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("the server sent nothing for 2000 ms");
    await().untilAsserted(() -> assertThat(requests).hasSize(3));
  }

  @Test
  @Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
  void aServerThatDoesNotAnswerIsGivenUp() {
    answer = exchange -> fallSilent();
    assertThatThrownBy(() -> impatient().run())
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("timed out");
    await().untilAsserted(() -> assertThat(requests).hasSize(3));
  }

  @Test
  void aDownloadWithAnotherDigestIsThrownAway() throws IOException {
    ModelSource source = withHub("0".repeat(64));
    assertThatThrownBy(() -> source.weights("switti"))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("Cannot download")
        .hasMessageContaining("its SHA-256 is");
    assertThat(cache.resolve("hub/org/model/main/" + FILE)).doesNotExist();
    assertThat(cache.resolve("hub/org/model/main/" + FILE + ".part")).doesNotExist();
  }

  @Test
  void theDigestThatTheHubAnnouncesOnItsRedirectIsChecked() throws IOException {
    answer =
        exchange -> {
          if (exchange.getRequestURI().getPath().startsWith("/cdn/")) {
            send(exchange, 200, WEIGHTS, WEIGHTS.length);
          } else {
            exchange.getResponseHeaders().add("Location", "/cdn/blob");
            announce(exchange, "1".repeat(64));
            exchange.sendResponseHeaders(302, -1);
          }
        };
    assertThatThrownBy(() -> withHub("").weights("switti"))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("instead of " + "1".repeat(64));
    assertThat(requests).containsExactly("/org/model/resolve/main/" + FILE, "/cdn/blob");
  }

  @Test
  void aDownloadGoesOnInTheNextRunWhileTheHubAnnouncesTheSameDigest() throws IOException {
    ModelSource source = withHub("");
    breakOff(source, digest(), "What arrived is kept; try again.");
    answer =
        exchange -> {
          announce(exchange, digest());
          sendRest(exchange); // fails without a range
        };
    requests.clear();
    source.weights("switti").close();
    assertThat(requests).hasSize(1);
    assertThat(cache.resolve("hub/org/model/main")).isDirectoryNotContaining("glob:**.part*");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDownloadStartsAnewWhenTheHubAnnouncesAnotherDigestOrNone(boolean another)
      throws IOException {
    ModelSource source = withHub("");
    breakOff(source, digest(), "What arrived is kept; try again.");
    answer =
        exchange -> {
          if (another) {
            announce(exchange, Digests.sha256(OTHER_WEIGHTS));
          }
          if (exchange.getRequestHeaders().containsKey("Range")) {
            sendRest(exchange);
          } else {
            send(exchange, 200, OTHER_WEIGHTS, OTHER_WEIGHTS.length);
          }
        };
    try (TensorFile weights = source.weights("switti")) {
      assertThat(weights.tensors()).containsOnlyKeys("y");
    }
  }

  @Test
  void aBrokenDownloadWithoutAnyDigestSaysThatItStartsAnewAndDoes() throws IOException {
    ModelSource source = withHub("");
    breakOff(source, null, "Neither the manifest nor the hub gives its SHA-256");
    answer = exchange -> send(exchange, 200, OTHER_WEIGHTS, OTHER_WEIGHTS.length);
    requests.clear();
    source.weights("switti").close();
    assertThat(requests).containsExactly("/org/model/resolve/main/" + FILE);
  }

  @Test
  void aFileThatTheHubDoesNotHaveIsNotAskedForAgain() throws IOException {
    answer = exchange -> exchange.sendResponseHeaders(404, -1);
    assertThatThrownBy(() -> withHub(digest()).weights("switti"))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("the server answers 404");
    assertThat(requests).hasSize(1);
  }

  private static void send(HttpExchange exchange, int status, byte[] body, long announced)
      throws IOException {
    exchange.sendResponseHeaders(status, announced);
    exchange.getResponseBody().write(body);
    exchange.getResponseBody().flush();
  }

  /** A run in which half of the file arrives and the hub has trouble from then on. */
  private void breakOff(ModelSource source, @Nullable String announced, String message) {
    answer =
        exchange -> {
          if (announced != null) {
            announce(exchange, announced);
          }
          if (exchange.getRequestHeaders().containsKey("Range")) {
            exchange.sendResponseHeaders(503, -1);
          } else {
            send(exchange, 200, Arrays.copyOf(WEIGHTS, 150_000), WEIGHTS.length);
          }
        };
    assertThatThrownBy(() -> source.weights("switti"))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("the server answers 503")
        .hasMessageContaining(message);
  }

  private static void announce(HttpExchange exchange, String sha256) {
    exchange.getResponseHeaders().add("X-Linked-Etag", "\"" + sha256 + "\"");
  }

  private static void sendRest(HttpExchange exchange) throws IOException {
    int from =
        Integer.parseInt(exchange.getRequestHeaders().getFirst("Range").replaceAll("\\D", ""));
    exchange
        .getResponseHeaders()
        .add("Content-Range", "bytes " + from + "-" + (WEIGHTS.length - 1) + "/*");
    byte[] rest = Arrays.copyOfRange(WEIGHTS, from, WEIGHTS.length);
    send(exchange, 206, rest, rest.length);
  }

  private void fallSilent() throws IOException {
    try {
      over.await();
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
  }

  private Path target() {
    return cache.resolve(FILE);
  }

  private HubDownload impatient() {
    URI address = URI.create("http://localhost:" + server.getAddress().getPort() + "/" + FILE);
    return new HubDownload(address, target(), digest(), null, Duration.ofSeconds(2));
  }

  private void writeSnapshot(String commit, byte[] weights) throws IOException {
    Path snapshot = folder.resolve("models--org--model/snapshots").resolve(commit);
    Files.write(Files.createDirectories(snapshot).resolve(FILE), weights);
  }

  private static String digest() {
    return Digests.sha256(WEIGHTS);
  }

  private ModelSource withHub(String sha256) throws IOException {
    return withManifest(
        "hub:org/model@main",
        sha256,
        new Settings(
            List.of(),
            cache,
            URI.create("http://localhost:" + server.getAddress().getPort() + "/"),
            Verification.ONCE));
  }

  private ModelSource withManifest(String from, String sha256) throws IOException {
    return withManifest(from, sha256, Settings.offline(cache));
  }

  private ModelSource withManifest(String from, String sha256, Settings settings)
      throws IOException {
    String file =
        "\""
            + FILE
            + "\""
            + (from.isEmpty() ? "" : ", \"from\": \"" + from + "\"")
            + (sha256.isEmpty() ? "" : ", \"sha256\": \"" + sha256 + "\"");
    Files.writeString(
        folder.resolve("model.json"), ModelManifestTest.SAMPLE.replace("\"" + FILE + "\"", file));
    return ModelSource.open(folder.toString(), settings);
  }
}
