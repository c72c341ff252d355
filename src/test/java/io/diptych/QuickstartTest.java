package io.diptych;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.net.httpserver.HttpServer;
import io.diptych.database.TestDatabase;
import io.diptych.decomposition.TestService;
import io.diptych.decomposition.TestService.Caller;
import io.diptych.image.PngFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * {@code examples/quickstart.sh} against the service with a tiny model, where sh and curl exist.
 */
class QuickstartTest {

  private static final Path SCRIPT = Path.of("examples", "quickstart.sh");
  private static final String MOST_STEPS = "10000";

  @TempDir static Path directory;
  private static TestDatabase database;
  private static TestService service;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    boolean tools = exist("sh", "curl");
    if (!tools) {
      System.out.println("QuickstartTest is skipped: sh or curl is not on the PATH.");
    }
    assumeThat(tools).as("sh and curl on the PATH").isTrue();
    database = TestDatabase.create();
    service = TestService.start(database, directory);
  }

  @AfterAll
  static void stop() {
    if (service != null) {
      service.close();
      database.close();
    }
  }

  private static boolean exist(String... programs) {
    return Stream.of(programs)
        .allMatch(
            program ->
                Stream.of(System.getenv("PATH").split(":"))
                    .anyMatch(path -> Files.isExecutable(Path.of(path, program))));
  }

  /** What a run of the script said, on both streams, and how it ended. */
  private record Said(int status, String text) {}

  private static Process script(String address, String key, Object... options) throws IOException {
    return script(SCRIPT, address, key, options);
  }

  private static Process script(Path file, String address, String key, Object... options)
      throws IOException {
    List<String> command = new ArrayList<>(List.of("sh", file.toString()));
    Stream.of(options).map(Object::toString).forEach(command::add);
    command.add(address);
    ProcessBuilder run = new ProcessBuilder(command).redirectErrorStream(true);
    run.environment().keySet().removeAll(List.of("DIPTYCH_URL", "STEPS", "http_proxy"));
    run.environment().put("DIPTYCH_API_KEY", key);
    return run.start();
  }

  private static Said run(String address, String key, Object... options) throws Exception {
    return end(script(address, key, options));
  }

  private static Said end(Process process) throws Exception {
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Said(process.waitFor(), text);
  }

  private static String address(Caller caller) {
    return caller.at("/").build().uri().toString();
  }

  private static String key(Caller caller) {
    return caller.at("/").build().headers().firstValue("X-API-Key").orElseThrow();
  }

  @Test
  void aPictureWithoutWordsInItsNameGetsThoseThatTheModelFinds() throws Exception {
    Caller caller = service.newTenant();
    Path script = Files.copy(SCRIPT, folder.resolve("quickstart.sh"));
    Files.copy(SCRIPT.resolveSibling("fox-watercolor.png"), folder.resolve("drawing.png"));
    Path out = folder.resolve("out");

    Said said = end(script(script, address(caller), key(caller), "--steps", 1, "--out", out));

    assertThat(said.status()).as(said.text()).isZero();
    JsonNode settings = caller.get("/decompositions").json().get("items").get(0).get("settings");
    String word = settings.get("contentWord").asString();
    assertThat(word).isIn("fox", "castle", "car");
    assertThat(settings.get("chosenWords")).hasSize(2);
    assertThat(out.resolve("drawing-on-the-beach.png")).isNotEmptyFile();
    assertThat(out.resolve("contact-sheet.png")).isNotEmptyFile();
  }

  @Test
  void everyPictureAndTheSheetAreWritten() throws Exception {
    Caller caller = service.newTenant();
    Path out = folder.resolve("out");
    long start = System.nanoTime();

    Said said = run(address(caller), key(caller), "--steps", 2, "--out", out);

    assertThat(said.status()).as(said.text()).isZero();
    System.out.printf("The quickstart took %.1f s.%n", (System.nanoTime() - start) / 1e9);
    List<String> expected =
        new ArrayList<>(List.of("contact-sheet.png", "mix-fox-stained-glass.png"));
    for (String picture : List.of("fox-watercolor", "mushroom-stained-glass")) {
      for (String what :
          List.of(
              "on-the-beach",
              "in-the-snow",
              "in-space",
              "style-penguin",
              "style-car",
              "style-apple")) {
        expected.add(picture + "-" + what + ".png");
      }
    }
    try (Stream<Path> files = Files.list(out)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(expected);
    }
    byte[] sheet = Files.readAllBytes(out.resolve("contact-sheet.png"));
    // The upload, three settings, three subjects.
    assertThat(PngFile.decode(sheet).getWidth()).isEqualTo(16 + 7 * (192 + 16));
    assertThat(PngFile.text(sheet).get("Diptych-Pictures").split(" ")).hasSize(13);
    JsonNode learned = caller.get("/decompositions").json().get("items");
    assertThat(learned).hasSize(2);
    Map<String, String> mix =
        PngFile.text(Files.readAllBytes(out.resolve("mix-fox-stained-glass.png")));
    assertThat(mix)
        .containsEntry("Diptych-Prompt", "a {content} in {style} style")
        .containsEntry("Diptych-Seed", "1");
    assertThat(learned)
        .anySatisfy(
            one -> {
              assertThat(one.get("id").asString()).isEqualTo(mix.get("Diptych-Content"));
              assertThat(one.get("settings").get("contentWord").asString()).isEqualTo("fox");
            })
        .anySatisfy(
            one -> {
              assertThat(one.get("id").asString()).isEqualTo(mix.get("Diptych-Style"));
              assertThat(one.get("settings").get("styleWord").asString())
                  .isEqualTo("stained glass");
              assertThat(one.get("settings").get("steps").asInt()).isEqualTo(2);
            });
    assertThat(said.text())
        .contains("fox-watercolor         2/2", " at first, ", "13/13")
        .contains("13 pictures and contact-sheet.png are in " + out);
  }

  @Test
  void aFolderWithSomethingInItIsLeftAlone() throws Exception {
    Caller caller = service.newTenant();
    Files.writeString(folder.resolve("mine.txt"), "mine");

    Said said = run(address(caller), key(caller), "--out", folder);

    assertThat(said.status()).isEqualTo(1);
    assertThat(said.text()).contains("is not empty", "--force");
    assertThat(caller.get("/decompositions").json().get("items")).isEmpty();
  }

  @Test
  void aServiceThatDoesNotAnswerIsExplained() throws Exception {
    int closed;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      closed = socket.getLocalPort();
    }

    Said said = run("http://127.0.0.1:" + closed, "", "--out", folder);

    assertThat(said.status()).isEqualTo(1);
    assertThat(said.text())
        .contains("Nothing answers at http://127.0.0.1:" + closed, "./mvnw spring-boot:run");
  }

  @Test
  void aMissingKeyIsExplained() throws Exception {
    Said said = run(address(service.newTenant()), "", "--out", folder);

    assertThat(said.status()).isEqualTo(1);
    assertThat(said.text()).contains("DIPTYCH_API_KEY");
  }

  @Test
  void whoStopsItIsToldWhatGoesOn() throws Exception {
    Caller caller = service.newTenant();
    Process process = script(address(caller), key(caller), "--steps", MOST_STEPS, "--out", folder);
    StringBuilder said = new StringBuilder();
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      // Both are submitted, and the first one has begun.
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        said.append(line).append('\n');
        if (line.startsWith("fox-watercolor")) {
          // Process.destroy would close the stream too.
          process.toHandle().destroy();
        }
      }
    }

    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said.toString()).isEqualTo(130);
    JsonNode running = caller.get("/decompositions").json().get("items");
    assertThat(running).hasSize(2);
    for (JsonNode one : running) {
      String path = one.get("links").get("self").asString();
      assertThat(said).contains(path);
      caller.post(path + "/cancel");
    }
    assertThat(said).contains("Stopped.", "/cancel", "X-API-Key: $DIPTYCH_API_KEY");
  }

  @Test
  void aJobThatFailedIsExplainedByItsProblem() throws Exception {
    Map<String, String> answers =
        Map.of(
            "/models",
            "{\"items\": [{\"name\": \"pocket\", \"standard\": true}]}",
            "/decompositions",
            "{\"id\": \"1\", \"state\": \"QUEUED\"}",
            "/decompositions/1",
            """
            {"id": "1", "state": "FAILED", "settings": {"steps": 5},
             "error": {"type": "/problems/out-of-memory", "title": "The device is full",
               "detail": "The \\"gpu0\\" lane ran out of memory.", "action": "Ask for less."}}
            """);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          byte[] body =
              answers.get(exchange.getRequestURI().getPath()).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(
              exchange.getRequestMethod().equals("POST") ? 202 : 200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    try {
      Said said = run("http://127.0.0.1:" + server.getAddress().getPort(), "", "--out", folder);

      assertThat(said.status()).isEqualTo(1);
      assertThat(said.text())
          .contains("fox-watercolor", "FAILED", "The \"gpu0\" lane ran out of memory.")
          .contains("Ask for less.");
    } finally {
      server.stop(0);
    }
  }
}
