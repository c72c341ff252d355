package io.diptych.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.StoredBlob;
import io.diptych.database.TestDatabase;
import io.diptych.engine.Backbone;
import io.diptych.engine.Concept;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.RunControl;
import io.diptych.engine.TestModels;
import io.diptych.http.Client.Reply;
import io.diptych.image.PngFile;
import io.diptych.job.ClaimedJob;
import io.diptych.job.Job;
import io.diptych.job.Jobs;
import io.diptych.model.Models;
import io.diptych.worker.BatchRunner;
import io.diptych.worker.JobOutcome;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

/** Generations over HTTP, with real models whose pictures mean nothing. */
class GenerationsTest {

  @TempDir static Path directory;
  private static TestDatabase database;
  private static RunningService service;
  private static LearnedConcepts concepts;
  private static UUID fox;
  private static UUID glitch;

  @BeforeAll
  static void start() {
    Path model = TestModels.TINY.write(directory.resolve("model"));
    database = TestDatabase.create();
    service = RunningService.start(database, directory, model).ready();
    concepts = service.context.getBean(LearnedConcepts.class);
    fox = concepts.put("alice", learned("fox", "oil painting", 1));
    glitch = concepts.put("alice", learned("cup", "glitch art", 2));
  }

  @AfterAll
  static void stop() {
    service.close();
    database.close();
  }

  private static Concept learned(String content, String style, long seed) {
    Backbone backbone = service.context.getBean(Models.class).backbone(null, "cpu");
    DecompositionOptions usual = backbone.defaultOptions(content, style, seed);
    DecompositionOptions quick = usual.toBuilder().stepsToTheEnd(2).build();
    return backbone.decompose(TestModels.picture(64), quick, RunControl.none());
  }

  @Test
  void textAloneIsEnoughForAPicture() throws IOException {
    Reply reply =
        service.generate("{\"prompt\": \"a castle\", \"count\": 2, \"reference\": \"r1\"}");

    assertThat(reply.status()).as(reply.body()).isEqualTo(201);
    JsonNode made = reply.json();
    assertThat(made.get("state").asString()).isEqualTo("SUCCEEDED");
    assertThat(made.get("reference").asString()).isEqualTo("r1");
    assertThat(made.get("seed").asLong()).isNotNegative();
    assertThat(made.get("startBy").asString()).isGreaterThan(made.get("createdAt").asString());
    assertThat(made.get("finishBy").asString()).isGreaterThan(made.get("startBy").asString());
    assertThat(made.get("images")).hasSize(2);
    assertThat(made.get("determinism").get("class").asString())
        .isEqualTo("BIT_EXACT_PER_BATCH_SHAPE");
    assertThat(made.get("determinism").get("device").asString()).isEqualTo("cpu");
    assertThat(made.get("determinism").get("engine").asString()).startsWith("PyTorch 2.");
    assertThat(made.get("determinism").get("batchSize").asInt()).isGreaterThanOrEqualTo(2);
    assertThat(reply.header("Location")).isEqualTo("/generations/" + made.get("id").asString());
    assertThat(service.get(reply.header("Location")).json()).isEqualTo(made);

    JsonNode image = made.get("images").get(1);
    byte[] png = service.bytes(image.get("href").asString());
    assertThat(png).hasSize(image.get("bytes").asInt());
    assertThat(ImageIO.read(new ByteArrayInputStream(png)).getWidth())
        .isEqualTo(image.get("width").asInt());
    Map<String, String> text = PngFile.text(png);
    assertThat(text)
        .containsEntry("Diptych-Prompt", "a castle")
        .containsEntry("Diptych-Seed", made.get("seed").asString())
        .containsEntry("Diptych-Image-Index", "1")
        .containsEntry("Diptych-Job", made.get("id").asString())
        .containsEntry("Diptych-Model-SHA256", made.get("backboneDigest").asString());
    assertThat(text.values()).anyMatch(value -> value.contains("trainedAlgorithmicMedia"));
    assertThat(
            service
                .context
                .getBean(JdbcClient.class)
                .sql("select count(*) from generation_log where job_id = :id::uuid")
                .param("id", made.get("id").asString())
                .query(Integer.class)
                .single())
        .isEqualTo(2);
  }

  @Test
  void theContentOfOnePictureIsDrawnInTheStyleOfAnother() {
    Reply reply =
        service.generate(
            """
            {"prompt": "a {content} in {style} style", "content": "%s", "style": "%s", "seed": 5}
            """
                .formatted(fox, glitch));

    assertThat(reply.status()).as(reply.body()).isEqualTo(201);
    byte[] png = service.bytes(reply.json().get("images").get(0).get("href").asString());
    assertThat(PngFile.text(png))
        .containsEntry("Diptych-Content", fox.toString())
        .containsEntry("Diptych-Style", glitch.toString());
    assertThat(PngFile.text(png).get("Diptych-Prompt")).isEqualTo("a {content} in {style} style");
  }

  @Test
  void aPictureCanBeTheAnswerItself() throws Exception {
    HttpResponse<byte[]> reply =
        service
            .client
            .http()
            .send(
                service
                    .client
                    .at("/generate")
                    .headers(RunningService.with(service.alice, "Accept", "image/png"))
                    .header("Content-Type", "application/json")
                    .POST(
                        java.net.http.HttpRequest.BodyPublishers.ofString(
                            "{\"prompt\": \"a cat\", \"seed\": 3}"))
                    .build(),
                HttpResponse.BodyHandlers.ofByteArray());

    assertThat(reply.statusCode()).isEqualTo(201);
    assertThat(reply.headers().firstValue("Content-Type")).contains("image/png");
    assertThat(reply.headers().firstValue("Diptych-Seed")).contains("3");
    assertThat(PngFile.text(reply.body())).containsEntry("Diptych-Prompt", "a cat");
    assertThat(reply.body())
        .isEqualTo(service.bytes(reply.headers().firstValue("Content-Location").orElseThrow()));

    Reply two = service.generate("{\"prompt\": \"a cat\", \"count\": 2}", "Accept", "image/png");
    assertThat(two.status()).isEqualTo(406);
    assertThat(two.json().get("type").asString()).isEqualTo("/problems/not-acceptable");
  }

  @Test
  void picturesCanBeInTheAnswer() {
    Reply reply =
        service.client.post(
            "/generate?inline=true",
            "{\"prompt\": \"a cat\", \"seed\": 3}",
            RunningService.with(service.alice));

    JsonNode image = reply.json().get("images").get(0);
    assertThat(Base64.getDecoder().decode(image.get("data").asString()))
        .isEqualTo(service.bytes(image.get("href").asString()));
    Reply again = service.get(reply.header("Location"));
    assertThat(again.json().get("images").get(0).has("data")).isFalse();
    Reply inline = service.get(reply.header("Location") + "?inline=true");
    assertThat(inline.json().get("images").get(0).get("data")).isEqualTo(image.get("data"));
  }

  @Test
  void aDamagedPictureIsNotPutIntoAnAnswer() throws IOException {
    Reply made = service.generate("{\"prompt\": \"a cat\", \"seed\": 4}");
    String sha256 = made.json().get("images").get(0).get("sha256").asString();
    try (Stream<Path> files = Files.walk(directory.resolve("store"))) {
      Path file = files.filter(path -> path.toString().contains(sha256)).findFirst().orElseThrow();
      byte[] damaged = Files.readAllBytes(file);
      damaged[damaged.length / 2] ^= 1;
      Files.write(file, damaged);
    }

    Reply inline = service.get(made.header("Location") + "?inline=true");

    assertThat(inline.status()).isEqualTo(500);
    assertThat(inline.json().get("detail").asString())
        .startsWith("The file in the store is damaged.");
  }

  @Test
  void whoDoesNotWaitIsToldWhereToLook() {
    CountDownLatch lane = concepts.hold();
    try {
      Reply reply = service.generate(content(fox), "Prefer", "respond-async");
      assertThat(reply.status()).as(reply.body()).isEqualTo(202);
      assertThat(reply.header("Preference-Applied")).isEqualTo("respond-async");
      assertThat(Integer.parseInt(reply.header("Retry-After"))).isPositive();
      assertThat(reply.json().has("images")).isFalse();
      assertThat(reply.json().get("seed").asLong()).isNotNegative();
      String self = reply.json().get("links").get("self").asString();
      assertThat(reply.header("Location")).isEqualTo(self);

      Reply waited = service.generate(content(fox), "Prefer", "wait=1");
      assertThat(waited.status()).isEqualTo(202);
      assertThat(waited.header("Preference-Applied")).isEqualTo("wait=1");

      Reply early = service.get(self + "/images/0", "Accept", "image/png");
      assertThat(early.status()).isEqualTo(409);
      assertThat(early.json().get("type").asString()).isEqualTo("/problems/artifact-not-ready");

      lane.countDown();
      service.awaitState(self, "SUCCEEDED");
      assertThat(PngFile.text(service.bytes(self + "/images/0")))
          .containsEntry("Diptych-Content", fox.toString());
    } finally {
      lane.countDown();
    }
  }

  @Test
  void downloadsKnowTagsAndRanges() {
    Reply made = service.generate("{\"prompt\": \"a tree\"}");
    JsonNode image = made.json().get("images").get(0);
    String href = image.get("href").asString();

    Reply whole = service.get(href);
    assertThat(whole.header("ETag")).isEqualTo('"' + image.get("sha256").asString() + '"');
    assertThat(service.get(href, "If-None-Match", whole.header("ETag")).status()).isEqualTo(304);
    Reply part = service.get(href, "Range", "bytes=1-3");
    assertThat(part.status()).isEqualTo(206);
    assertThat(part.body()).isEqualTo("PNG");
    assertThat(part.header("Content-Range")).isEqualTo("bytes 1-3/" + image.get("bytes").asInt());
    assertThat(service.get(href, "Range", "bytes=1-3", "If-Range", "\"other\"").status())
        .isEqualTo(200);
    assertThat(service.get(href, "Range", "bytes=99999999-").status()).isEqualTo(416);
    assertThat(service.get(made.header("Location") + "/images/1").status()).isEqualTo(404);

    Reply self = service.get(made.header("Location"));
    assertThat(service.get(made.header("Location"), "If-None-Match", self.header("ETag")).status())
        .isEqualTo(304);
  }

  @Test
  void theSameSeedGivesTheSamePictureAloneAndInABatch() {
    List<String> alone = pixels(service.generate(seeded(77, 3)).json());
    List<String> strict =
        pixels(service.generate(seeded(77, 3).replace("}", ", \"strict\": true}")).json());

    CountDownLatch lane = concepts.hold();
    List<String> locations = new ArrayList<>();
    try {
      // Holds the lane, so that those behind it meet in one batch.
      holdLane();
      for (int seed : List.of(5, 77, 6)) {
        locations.add(
            service.generate(seeded(seed, 3), "Prefer", "respond-async").header("Location"));
      }
    } finally {
      lane.countDown();
    }
    locations.forEach(location -> service.awaitState(location, "SUCCEEDED"));
    JsonNode shared = service.get(locations.get(1)).json();

    assertThat(shared.get("determinism").get("batchSize").asInt()).isGreaterThan(3);
    assertThat(pixels(shared)).isEqualTo(alone).isEqualTo(strict);
    assertThat(pixels(service.get(locations.get(0)).json())).doesNotContainAnyElementsOf(alone);
    assertThat(alone).doesNotHaveDuplicates();
    System.out.printf(
        "Same seed: pixels alone, strict and in a batch of %d are equal.%n",
        shared.get("determinism").get("batchSize").asInt());
  }

  @Test
  void picturesWithAndWithoutConceptsShareABatch() {
    List<String> requests =
        List.of(
            "{\"prompt\": \"a {content}\", \"content\": \"%s\", \"seed\": 8}".formatted(fox),
            seeded(9, 1),
            "{\"prompt\": \"a castle in {style} style\", \"style\": \"%s\", \"seed\": 10}"
                .formatted(glitch));
    List<String> alone = new ArrayList<>();
    requests.forEach(request -> alone.addAll(pixels(service.generate(request).json())));

    CountDownLatch lane = concepts.hold();
    List<String> locations = new ArrayList<>();
    try {
      holdLane();
      requests.forEach(
          request ->
              locations.add(
                  service.generate(request, "Prefer", "respond-async").header("Location")));
    } finally {
      lane.countDown();
    }
    locations.forEach(location -> service.awaitState(location, "SUCCEEDED"));

    List<String> together = new ArrayList<>();
    for (String location : locations) {
      JsonNode made = service.get(location).json();
      assertThat(made.get("attempt").asInt()).isEqualTo(1);
      assertThat(made.get("determinism").get("batchSize").asInt()).isEqualTo(3);
      together.addAll(pixels(made));
    }
    assertThat(together).isEqualTo(alone).doesNotHaveDuplicates();
  }

  /** A generation that waits in the lane for the held concepts. */
  private static void holdLane() {
    String holder = service.generate(content(fox), "Prefer", "respond-async").header("Location");
    service.awaitState(holder, "RUNNING");
  }

  @Test
  void aRequestThatIsWrongInItselfFailsAlone() {
    CountDownLatch lane = concepts.hold();
    String good;
    String tooLong;
    String orphan;
    UUID deleted = concepts.put("alice", concepts.modelConcept("alice", fox));
    try {
      service.generate(content(fox), "Prefer", "respond-async");
      good =
          service.generate("{\"prompt\": \"a cat\"}", "Prefer", "respond-async").header("Location");
      tooLong =
          service
              .generate("{\"prompt\": \"" + "cat ".repeat(400) + "\"}", "Prefer", "respond-async")
              .header("Location");
      orphan = service.generate(content(deleted), "Prefer", "respond-async").header("Location");
      concepts.remove("alice", deleted);
    } finally {
      lane.countDown();
    }

    service.awaitState(good, "SUCCEEDED");
    service.awaitState(tooLong, "FAILED");
    service.awaitState(orphan, "FAILED");
    JsonNode failed = service.get(tooLong).json();
    assertThat(failed.get("error").get("type").asString()).isEqualTo("/problems/validation");
    assertThat(service.get(orphan).json().get("error").get("detail").asString())
        .contains(deleted.toString());
    Reply waited = service.generate("{\"prompt\": \"" + "cat ".repeat(400) + "\"}");
    assertThat(waited.status()).isEqualTo(422);
    assertThat(waited.json().get("jobId").asString()).isNotBlank();
    assertThat(service.get(tooLong + "/images/0").status()).isEqualTo(409);
  }

  @Test
  void wrongRequestsAreRefusedBeforeAnythingIsQueued() {
    int before = service.get("/generations?limit=100").json().get("items").size();

    assertProblem("{}", 422, "validation", "/prompt");
    assertProblem("{\"prompt\": \"a {content}\"}", 422, "validation", "/prompt");
    assertProblem(
        "{\"prompt\": \"a cat\", \"style\": \"" + glitch + "\"}", 422, "validation", "/prompt");
    assertProblem("{\"prompt\": \"a cat\", \"count\": 9}", 422, "validation", "/count");
    assertProblem("{\"prompt\": \"a cat\", \"count\": 0}", 422, "validation", "/count");
    assertProblem(
        "{\"prompt\": \"a cat\", \"guidance\": {\"scale\": -1}}",
        422,
        "validation",
        "/guidance/scale");
    assertProblem(
        "{\"prompt\": \"a cat\", \"guidance\": {\"fromScale\": 3, \"toScale\": 2}}",
        422,
        "validation",
        "");
    assertProblem("{\"prompt\": \"a cat\", \"topP\": 1.5}", 422, "validation", "/topP");
    assertProblem("{\"prompt\": \"a cat\", \"seed\": -1}", 422, "validation", "/seed");
    assertProblem("{\"prompt\": \"a cat\", \"backbone\": \"x\"}", 422, "validation", "/backbone");
    assertProblem("{\"prompt\": \"a cat\", \"colour\": 1}", 422, "validation", "/colour");
    assertThat(service.generate(content(UUID.randomUUID())).json().get("type").asString())
        .isEqualTo("/problems/unknown-artifact");
    assertThat(service.get("/generations?limit=100").json().get("items")).hasSize(before);
  }

  private static void assertProblem(String json, int status, String type, String pointer) {
    Reply reply = service.generate(json);
    assertThat(reply.status()).as(json + reply.body()).isEqualTo(status);
    assertThat(reply.json().get("type").asString()).isEqualTo("/problems/" + type);
    assertThat(reply.json().get("errors").get(0).get("pointer").asString()).isEqualTo(pointer);
  }

  @Test
  void aConceptOfAnotherModelIsRefused() {
    Concept own = concepts.modelConcept("alice", fox);
    UUID foreign =
        concepts.put(
            "alice",
            new Concept(
                new io.diptych.engine.ConceptMetadata(
                    "other",
                    "0".repeat(64),
                    own.metadata().options(),
                    "",
                    2,
                    own.metadata().losses()),
                own.tensors()));
    Reply reply = service.generate(content(foreign));
    assertThat(reply.status()).isEqualTo(422);
    assertThat(reply.json().get("type").asString()).isEqualTo("/problems/incompatible-artifact");
  }

  @Test
  void repetitionsWithOneKeyAreOneGeneration() {
    String key = UUID.randomUUID().toString();
    ExecutorService pool = Executors.newFixedThreadPool(20);
    List<CompletableFuture<Reply>> calls =
        IntStream.range(0, 20)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () ->
                            service.generate(
                                "{\"prompt\": \"idempotent\", \"labels\": {\"key\": \"k1\"}}",
                                "Idempotency-Key",
                                key),
                        pool))
            .toList();
    List<Reply> replies = calls.stream().map(CompletableFuture::join).toList();
    pool.shutdown();

    assertThat(replies).allSatisfy(reply -> assertThat(reply.status()).isIn(201, 409));
    assertThat(service.get("/generations?label=key:k1").json().get("items")).hasSize(1);
    Reply replay =
        service.generate(
            "{\"labels\": {\"key\": \"k1\"}, \"prompt\": \"idempotent\"}", "Idempotency-Key", key);
    assertThat(replay.status()).isEqualTo(201);
    assertThat(replay.header("Idempotency-Replayed")).isEqualTo("true");
    assertThat(replay.json().get("images")).hasSize(1);
    assertThat(service.generate("{\"prompt\": \"else\"}", "Idempotency-Key", key).status())
        .isEqualTo(422);
  }

  @Test
  void whatWaitsOrRunsCanBeCanceled() {
    CountDownLatch lane = concepts.hold();
    try {
      String running = service.generate(content(fox), "Prefer", "respond-async").header("Location");
      service.awaitState(running, "RUNNING");
      String waiting =
          service.generate("{\"prompt\": \"never\"}", "Prefer", "respond-async").header("Location");
      assertThat(service.get(waiting).json().get("queue").get("position").asInt()).isPositive();

      Reply canceled = service.post(waiting + "/cancel");
      assertThat(canceled.status()).isEqualTo(200);
      assertThat(canceled.json().get("state").asString()).isEqualTo("CANCELED");
      assertThat(service.post(waiting + "/cancel").status()).isEqualTo(200);
      assertThat(service.get(waiting + "/images/0").json().get("type").asString())
          .isEqualTo("/problems/job-without-result");

      assertThat(service.post(running + "/cancel").status()).isEqualTo(202);
      lane.countDown();
      service.awaitState(running, "CANCELED");
    } finally {
      lane.countDown();
    }
    String done = service.generate("{\"prompt\": \"done\"}").header("Location");
    Reply late = service.post(done + "/cancel");
    assertThat(late.status()).isEqualTo(409);
    assertThat(late.json().get("type").asString()).isEqualTo("/problems/job-final");
  }

  @Test
  void aCancelIsSeenBetweenScales() {
    ClaimedJob canceled = repeated(seeded(21, 2));
    CancelAfter control = new CancelAfter(canceled, 5);

    List<JobOutcome> outcomes =
        service.context.getBean(GenerationRunner.class).run(List.of(canceled), control);

    // For the job 1, for its pictures 2, in the first scale of five 1 (one picture is wanted: go
    // on), in the second 2 (none is).
    assertThat(control.asked).isEqualTo(6);
    assertThat(control.forwards).isEmpty();
    assertThat(outcomes.get(0)).isInstanceOf(JobOutcome.Stopped.class);
    assertThat(stored(canceled.id())).isEmpty();
  }

  @Test
  void aCanceledJobDoesNotTakeItsBatchWithIt() {
    List<String> alone = pixels(service.generate(seeded(23, 2)).json());
    ClaimedJob canceled = repeated(seeded(22, 1));
    ClaimedJob mate = repeated(seeded(23, 2));

    CancelAfter control = new CancelAfter(canceled, 3);

    List<JobOutcome> outcomes =
        service.context.getBean(GenerationRunner.class).run(List.of(canceled, mate), control);

    assertThat(outcomes.get(0)).isInstanceOf(JobOutcome.Stopped.class);
    assertThat(stored(canceled.id())).isEmpty();
    GenerationOutcome made = GenerationOutcome.read(result(outcomes.get(1)));
    assertThat(made.images()).map(GeneratedImage::pixelSha256).isEqualTo(alone);
    assertThat(made.determinism().batchSize()).isEqualTo(3);
    assertThat(control.forwards).containsExactly(3);
    assertThat(stored(mate.id())).hasSize(2);
  }

  /** The job of a request, as a lane would hold it, under another id. */
  private static ClaimedJob repeated(String request) {
    Reply made = service.generate(request);
    Job job =
        service
            .context
            .getBean(Jobs.class)
            .find("alice", UUID.fromString(made.json().get("id").asString()))
            .orElseThrow();
    return new ClaimedJob(
        UUID.randomUUID(),
        job.kind(),
        job.tenant(),
        job.request(),
        Map.of(),
        job.modelDigest(),
        null,
        1,
        1,
        0,
        null,
        null);
  }

  private static JsonNode result(JobOutcome outcome) {
    return ((JobOutcome.Succeeded) outcome).result().value();
  }

  /** Says that one job was canceled, from the nth time it is asked about it. */
  private static final class CancelAfter implements BatchRunner.Control {
    private final ClaimedJob job;
    private final int first;
    private final List<Integer> forwards = new ArrayList<>();
    private int asked;

    CancelAfter(ClaimedJob job, int first) {
      this.job = job;
      this.first = first;
    }

    @Override
    public String device() {
      return "cpu";
    }

    @Override
    public boolean stopRequested(UUID other) {
      return other.equals(job.id()) && ++asked >= first;
    }

    @Override
    public void forward(int pictures) {
      forwards.add(pictures);
    }
  }

  @Test
  void metersCountThePicturesOfForwardsAndTheBytesStored() {
    double pictures = total("diptych.forward.size", "kind", "generation");
    double bytes = total("diptych.artifact.size", "content", "output");

    JsonNode made = service.generate(seeded(31, 2)).json();

    long size = 0;
    for (JsonNode image : made.get("images")) {
      size += image.get("bytes").asLong();
    }
    assertThat(total("diptych.forward.size", "kind", "generation") - pictures).isEqualTo(2);
    assertThat(total("diptych.artifact.size", "content", "output") - bytes).isEqualTo(size);
  }

  private static double total(String meter, String label, String value) {
    DistributionSummary summary =
        service.context.getBean(MeterRegistry.class).find(meter).tag(label, value).summary();
    return summary == null ? 0 : summary.totalAmount();
  }

  @Test
  void deletingAGenerationDeletesItsPictures() {
    Reply made = service.generate("{\"prompt\": \"short-lived\"}");
    String id = made.json().get("id").asString();
    assertThat(stored(UUID.fromString(id))).hasSize(1);

    assertThat(service.delete(made.header("Location")).status()).isEqualTo(204);

    assertThat(service.get(made.header("Location")).status()).isEqualTo(404);
    assertThat(service.get(made.header("Location") + "/images/0").status()).isEqualTo(404);
    RunningService.await().untilAsserted(() -> assertThat(stored(UUID.fromString(id))).isEmpty());
    assertThat(service.delete(made.header("Location")).status()).isEqualTo(404);
  }

  @Test
  void deletingARunningGenerationHidesItAtOnceAndFinishesByItself() {
    JdbcClient sql = service.context.getBean(JdbcClient.class);
    CountDownLatch lane = concepts.hold();
    UUID id;
    try {
      Reply queued = service.generate(content(fox), "Prefer", "respond-async");
      id = UUID.fromString(queued.json().get("id").asString());
      String running = service.awaitState(queued.header("Location"), "RUNNING");
      // As if its first pictures were made.
      service.context.getBean(BlobStore.class).put(id, BlobKind.OUTPUT, new byte[] {1});

      assertThat(service.delete(running).status()).isEqualTo(202);

      assertThat(service.get(running).status()).isEqualTo(404);
      assertThat(service.get(running + "/events").status()).isEqualTo(404);
      assertThat(service.post(running + "/cancel").status()).isEqualTo(404);
      assertThat(service.delete(running).status()).isEqualTo(404);
      assertThat(service.get("/generations?limit=100").body()).doesNotContain(id.toString());
    } finally {
      lane.countDown();
    }
    RunningService.await()
        .until(
            () ->
                sql.sql("select count(*) from job where id = :id")
                        .param("id", id)
                        .query(Integer.class)
                        .single()
                    == 0);
    RunningService.await().untilAsserted(() -> assertThat(stored(id)).isEmpty());
    assertThat(
            sql.sql("select count(*) from generation_log where job_id = :id")
                .param("id", id)
                .query(Integer.class)
                .single())
        .isZero();
  }

  @Test
  void eventsEndWithTheFinalState() {
    String self = service.generate("{\"prompt\": \"eventful\"}").header("Location");

    Reply events = service.get(self + "/events", "Accept", "text/event-stream");

    assertThat(events.status()).isEqualTo(200);
    assertThat(events.body()).contains("event:queued", "event:started", "event:succeeded");
  }

  @Test
  void fiftyAtOnceAreAllAnsweredInBatches() {
    long start = System.nanoTime();
    ExecutorService pool = Executors.newFixedThreadPool(50);
    List<CompletableFuture<Reply>> calls =
        IntStream.range(0, 50)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () ->
                            service.generate(
                                "{\"prompt\": \"number %d\", \"seed\": %d}".formatted(i, i),
                                "Prefer",
                                "wait=60"),
                        pool))
            .toList();
    List<Reply> replies = calls.stream().map(CompletableFuture::join).toList();
    pool.shutdown();

    assertThat(replies).allSatisfy(reply -> assertThat(reply.status()).isEqualTo(201));
    Set<String> pictures = new HashSet<>();
    replies.forEach(reply -> pictures.addAll(pixels(reply.json())));
    assertThat(pictures).hasSize(50);
    double meanBatch =
        service
            .context
            .getBean(JdbcClient.class)
            .sql(
                """
                select avg(size) from (
                    select a.batch_size as size from attempt a join job j on j.id = a.job_id
                    where j.request ->> 'prompt' like 'number %'
                    group by a.started_at, a.lane, a.batch_size) batches
                """)
            .query(Double.class)
            .single();
    assertThat(meanBatch).isGreaterThan(2);
    System.out.printf(
        "50 requests at once: all answered in %.1f s, mean batch %.1f.%n",
        (System.nanoTime() - start) / 1e9, meanBatch);
  }

  @Test
  void listsArePagedAndFiltered() {
    for (int i = 0; i < 3; i++) {
      service.generate("{\"prompt\": \"a cat\", \"labels\": {\"series\": \"cats\"}}");
    }
    Reply first = service.get("/generations?label=series:cats&limit=2");
    assertThat(first.json().get("items")).hasSize(2);
    String next = first.header("Link");
    Reply second = service.get(next.substring(1, next.indexOf('>')));
    assertThat(second.json().get("items")).hasSize(1);
    assertThat(service.get("/generations?label=series:cats&state=FAILED").json().get("items"))
        .isEmpty();
  }

  @Test
  void theModelsAreListed() {
    JsonNode models = service.get("/models").json().get("items");
    assertThat(models).hasSize(1);
    JsonNode pocket = models.get(0);
    assertThat(pocket.get("name").asString()).isEqualTo("pocket");
    assertThat(pocket.get("standard").asBoolean()).isTrue();
    assertThat(pocket.get("resolution").asInt()).isEqualTo(40);
    assertThat(pocket.get("scales")).hasSize(5);
    assertThat(pocket.get("licence").asString()).isEqualTo("Apache-2.0");
    assertThat(service.get("/models/pocket").json()).isEqualTo(pocket);
    assertThat(service.get("/models/none").status()).isEqualTo(404);
  }

  /** Pictures of a generation that are in the store. */
  private static List<StoredBlob> stored(UUID generation) {
    try (Stream<StoredBlob> blobs = service.context.getBean(BlobStore.class).list(generation)) {
      return blobs.toList();
    }
  }

  private static String content(UUID decomposition) {
    return "{\"prompt\": \"a {content}\", \"content\": \"" + decomposition + "\"}";
  }

  private static String seeded(long seed, int count) {
    return "{\"prompt\": \"a cat\", \"seed\": %d, \"count\": %d}".formatted(seed, count);
  }

  private static List<String> pixels(JsonNode generation) {
    List<String> pixels = new ArrayList<>();
    generation.get("images").forEach(image -> pixels.add(image.get("pixelSha256").asString()));
    return pixels;
  }
}
