package io.diptych.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.diptych.database.TestDatabase;
import io.diptych.decomposition.TestService;
import io.diptych.decomposition.TestService.Caller;
import io.diptych.http.Client.Reply;
import io.diptych.http.problem.ProblemException;
import io.diptych.image.PngFile;
import java.awt.image.BufferedImage;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Contact sheets over HTTP, of pictures that a tiny real model made. */
class ContactSheetsTest {

  @TempDir static Path directory;
  private static TestDatabase database;
  private static TestService service;
  private static Caller alice;
  private static Caller bob;
  private static String upload;
  private static String imported;
  private static String generation;

  @BeforeAll
  static void start() {
    database = TestDatabase.create();
    service = TestService.start(database, directory);
    alice = service.newTenant();
    JsonNode learned = alice.run("{\"steps\": 1}", "SUCCEEDED");
    upload = learned.get("id").asString();
    bob = service.newTenant();
    byte[] artifact = alice.bytes(learned.get("links").get("artifact").asString());
    imported = bob.put("/artifacts", artifact).json().get("id").asString();
    generation = generate(alice, "{\"prompt\": \"a cat\", \"count\": 2}", "SUCCEEDED");
  }

  @AfterAll
  static void stop() {
    service.close();
    database.close();
  }

  private static String generate(Caller caller, String request, String state) {
    Reply accepted =
        caller
            .client()
            .send(
                caller
                    .at("/generate")
                    .headers("Content-Type", "application/json", "Prefer", "respond-async")
                    .POST(HttpRequest.BodyPublishers.ofString(request)));
    return caller.until(accepted.header("Location"), state).get("id").asString();
  }

  private static HttpRequest.Builder sheet(Caller caller, String json) {
    return caller
        .at("/contact-sheets")
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(json));
  }

  private static byte[] draw(Caller caller, String json) throws Exception {
    HttpResponse<byte[]> reply =
        caller
            .client()
            .http()
            .send(sheet(caller, json).build(), HttpResponse.BodyHandlers.ofByteArray());
    assertThat(reply.statusCode())
        .as(() -> new String(reply.body(), StandardCharsets.UTF_8))
        .isEqualTo(200);
    assertThat(reply.headers().firstValue("Content-Type")).contains("image/png");
    return reply.body();
  }

  private static JsonNode refused(Caller caller, String json, int status, String type) {
    Reply reply = caller.client().send(sheet(caller, json));
    assertThat(reply.status()).as(reply.body()).isEqualTo(status);
    assertThat(reply.json().get("type").asString()).isEqualTo("/problems/" + type);
    return reply.json();
  }

  private static String cells(String... cells) {
    return "{\"rows\": [{\"pictures\": [" + String.join(",", cells) + "]}]}";
  }

  private static String made(int index) {
    return "{\"generation\": \"" + generation + "\", \"index\": " + index + "}";
  }

  private static String given(String decomposition) {
    return "{\"decomposition\": \"" + decomposition + "\"}";
  }

  @Test
  void uploadsAndGeneratedPicturesStandInTheirRows() throws Exception {
    byte[] png =
        draw(
            alice,
            """
            {"cellSide": 96, "rows": [
              {"title": "Fox — 狐", "pictures": [
                {"decomposition": "%s", "caption": "the picture"},
                {"generation": "%s", "index": 1, "caption": "on the beach"}]},
              {"pictures": [{"generation": "%s"}]}]}
            """
                .formatted(upload, generation, generation));

    BufferedImage drawn = PngFile.decode(png);
    assertThat(drawn.getWidth()).isEqualTo(16 + 2 * (96 + 16));
    // The upload is as large as a cell, so its pixels are there unchanged.
    BufferedImage source = PngFile.decode(TestService.picture());
    int top = 16 + 12 + 8;
    assertThat(drawn.getRGB(16, top, 96, 96, null, 0, 96))
        .isEqualTo(source.getRGB(0, 0, 96, 96, null, 0, 96));
    assertThat(PngFile.text(png))
        .containsEntry("Diptych-Pictures", generation + "/1 " + generation + "/0")
        .hasEntrySatisfying(
            "XML:com.adobe.xmp",
            packet ->
                assertThat(packet)
                    .contains("digitalsourcetype/compositeWithTrainedAlgorithmicMedia"));
  }

  @Test
  void aSheetOfGeneratedPicturesAloneSaysSo() throws Exception {
    assertThat(PngFile.text(draw(alice, cells(made(0), made(1)))).get("XML:com.adobe.xmp"))
        .contains("digitalsourcetype/trainedAlgorithmicMedia");
    assertThat(PngFile.text(draw(alice, cells(given(upload)))))
        .doesNotContainKeys("XML:com.adobe.xmp", "Diptych-Pictures");
  }

  @Test
  void anIdOfOneKindDoesNotOpenTheOther() {
    JsonNode problem = refused(alice, cells(given(generation)), 404, "not-found");

    assertThat(problem.get("detail").asString())
        .isEqualTo("There is no decomposition " + generation + ".");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"rows": []}                                                         | /rows
          {"rows": [{"pictures": []}]}                                         | /rows/0/pictures
          {"rows": [null]}                                                     | /rows/0
          {"rows": [{"pictures": [GIVEN, null]}]}                              | /rows/0/pictures/1
          {"rows": [{"pictures": [GIVEN, {"caption": "fox"}]}]}                | /rows/0/pictures/1
          {"rows": [{"pictures": [BOTH]}]}                                     | /rows/0/pictures/0
          {"rows": [{"pictures": [GIVEN]}, {"pictures": [LATE]}]}              | /rows/1/pictures/0/index
          {"rows": [{"pictures": [GIVEN]}], "cellSide": 257}                   | /cellSide
          {"rows": [{"pictures": [GIVEN]}], "cellSide": 63}                    | /cellSide
          {"rows": [{"pictures": [MANY]}]}                                     | /rows/0/pictures
          {"rows": [{"title": "LONG", "pictures": [GIVEN]}]}                   | /rows/0/title
          {"rows": [{"pictures": [{"caption": "LONG", "decomposition": "ID"}]}]} | /rows/0/pictures/0/caption
          """)
  void whatIsWrongIsPointedAt(String json, String pointer) {
    String body =
        json.replace("GIVEN", given(upload))
            .replace("BOTH", made(0).replace("}", ", \"decomposition\": \"" + upload + "\"}"))
            .replace("LATE", made(2))
            .replace("LONG", "x".repeat(201))
            .replace("ID", upload)
            .replace(
                "MANY",
                IntStream.range(0, 9)
                    .mapToObj(i -> given(upload))
                    .collect(Collectors.joining(",")));

    assertThat(refused(alice, body, 422, "validation").get("errors"))
        .anySatisfy(error -> assertThat(error.get("pointer").asString()).isEqualTo(pointer));
  }

  @Test
  void anImportedConceptHasNoPictureToShow() {
    JsonNode problem = refused(bob, cells(given(imported)), 422, "validation");

    assertThat(problem.get("errors").get(0).get("pointer").asString())
        .isEqualTo("/rows/0/pictures/0/decomposition");
    assertThat(problem.get("detail").asString()).contains("without a picture");
  }

  @Test
  void aGenerationWithoutPicturesIsNamed() {
    String failed = generate(alice, "{\"prompt\": \"" + "cat ".repeat(400) + "\"}", "FAILED");

    JsonNode problem =
        refused(alice, cells("{\"generation\": \"" + failed + "\"}"), 409, "job-without-result");
    assertThat(problem.get("jobId").asString()).isEqualTo(failed);
  }

  /** Run in a JVM of its own: fonts are looked for once. */
  static final class OnAMachineWithoutFonts {
    public static void main(String[] args) {
      try {
        new ContactSheets(null, null, null, "").draw("alice", 64, List.of());
      } catch (ProblemException e) {
        System.out.println(e.problem().type() + ", caused by " + e.getCause());
      }
    }
  }

  @Test
  void aMachineWithoutFontsIsAProblemOfTheCatalogue(@TempDir Path empty) throws Exception {
    boolean linux = System.getProperty("os.name").equals("Linux");
    if (!linux) {
      System.out.println("The test without fonts is skipped: only on Linux can they be hidden.");
    }
    assumeTrue(linux, "only on Linux can fonts be hidden");
    Path config =
        Files.writeString(
            empty.resolve("fonts.conf"),
            "<?xml version=\"1.0\"?><fontconfig><dir>" + empty + "</dir></fontconfig>");
    ProcessBuilder child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.awt.headless=true",
                // Java remembers there which fonts it found.
                "-Duser.home=" + empty,
                "-cp",
                System.getProperty("java.class.path"),
                OnAMachineWithoutFonts.class.getName())
            .redirectErrorStream(true);
    child.environment().put("FONTCONFIG_FILE", config.toString());

    Process process = child.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).as(said).isZero();
    assertThat(said.strip()).isEqualTo("FONT_MISSING, caused by null");
  }
}
