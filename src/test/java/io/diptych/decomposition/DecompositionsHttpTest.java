package io.diptych.decomposition;

import static java.time.temporal.ChronoUnit.DAYS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.database.TestDatabase;
import io.diptych.decomposition.TestService.Caller;
import io.diptych.decomposition.TestService.Event;
import io.diptych.engine.Concept;
import io.diptych.engine.csd.ConceptFile;
import io.diptych.http.Client.Reply;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.image.PngFile;
import io.diptych.job.JobEvent;
import io.diptych.job.Jobs;
import io.diptych.job.QueueFixture;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

/** The routes of decompositions over real connections, with a tiny real model. */
class DecompositionsHttpTest {

  private static final String SHORT =
      """
      {"contentWord": "fox", "styleWord": "watercolor", "steps": 4, "seed": 7}
      """;
  private static final String LONG =
      """
      {"contentWord": "fox", "styleWord": "watercolor", "steps": 10000, "seed": 7}
      """;

  private static TestDatabase database;
  private static TestService service;
  private Caller alice;

  @BeforeAll
  static void start(@TempDir Path directory) {
    database = TestDatabase.create();
    service = TestService.start(database, directory, "diptych.decomposition.preview-steps=2");
  }

  @AfterAll
  static void stop() {
    service.close();
    database.close();
  }

  @BeforeEach
  void newTenant() {
    alice = service.newTenant();
  }

  @Test
  void anUploadBecomesAnArtifactThatTheEngineReads() throws IOException {
    Reply accepted =
        alice.submit(
            """
            {"contentWord": "fox", "styleWord": "watercolor", "steps": 4, "seed": 7, "tokens": 2,
             "memory": {"blocks": [1], "pairs": 2}, "rectification": {"rank": 3},
             "profile": "PAPER", "reference": "order 12", "labels": {"team": "red"}}
            """);

    assertThat(accepted.status()).isEqualTo(202);
    assertThat(Integer.parseInt(accepted.header("Retry-After"))).isBetween(1, 60);
    String path = accepted.header("Location");
    JsonNode queued = accepted.json();
    assertThat(path).isEqualTo("/decompositions/" + queued.get("id").asString());
    assertThat(queued.get("state").asString()).isEqualTo("QUEUED");
    assertThat(queued.get("queue").get("position").asInt()).isPositive();
    assertThat(queued.get("reference").asString()).isEqualTo("order 12");
    assertThat(queued.get("labels").get("team").asString()).isEqualTo("red");
    assertThat(queued.get("picture").get("sourceSha256").asString())
        .isEqualTo(sha256(TestService.picture()));

    JsonNode done = alice.until(path, "SUCCEEDED");
    JsonNode settings = done.get("settings");
    assertThat(settings.get("profile").asString()).isEqualTo("PAPER");
    assertThat(settings.get("memory").get("pairs").asInt()).isEqualTo(2);
    assertThat(settings.get("chosenWords")).isEmpty();
    assertThat(done.get("progress").get("step").asInt()).isEqualTo(4);
    assertThat(done.get("progress").get("losses").get("style").asDouble()).isPositive();
    assertThat(done.has("queue")).isFalse();
    Instant created = Instant.parse(done.get("createdAt").asString());
    assertThat(Instant.parse(done.get("startBy").asString())).isEqualTo(created.plus(1, DAYS));
    assertThat(Instant.parse(done.get("finishBy").asString())).isEqualTo(created.plus(3, DAYS));
    assertThat(done.get("links").has("cancel")).isFalse();

    byte[] file = alice.bytes(done.get("links").get("artifact").asString());
    assertThat(file).hasSize(done.get("result").get("artifactBytes").asInt());
    Concept concept = ConceptFile.read(file);
    assertThat(concept.metadata().options().contentWord()).isEqualTo("fox");
    assertThat(concept.metadata().losses()).hasSize(4);
    assertThat(concept.tensors().get("content.rows.0").shape()).containsExactly(2, 384);

    Concepts concepts = service.context().getBean(ConceptShelf.class);
    UUID id = UUID.fromString(done.get("id").asString());
    assertThat(ConceptFile.write(concepts.find(alice.name(), id))).isEqualTo(file);
    assertThat(concepts.modelDigest(alice.name(), id))
        .isEqualTo(concept.metadata().backboneDigest());

    assertThat(done.get("links").get("previews")).hasSize(1);
    byte[] preview = alice.bytes(done.get("links").get("previews").get(0).asString());
    assertThat(PngFile.decode(preview).getWidth()).isEqualTo(40);

    JsonNode attempts = alice.get(path + "/attempts").json().get("items");
    assertThat(attempts).hasSize(1);
    assertThat(attempts.get(0).get("outcome").asString()).isEqualTo("SUCCEEDED");
    assertThat(attempts.get(0).get("lastStep").asInt()).isEqualTo(4);
  }

  @Test
  void theSamePictureAndSeedGiveTheSameArtifact() {
    JsonNode first = alice.run(SHORT, "SUCCEEDED");
    JsonNode second = alice.run(SHORT, "SUCCEEDED");

    assertThat(first.get("id")).isNotEqualTo(second.get("id"));
    assertThat(second.get("result").get("artifactSha256"))
        .isEqualTo(first.get("result").get("artifactSha256"));
  }

  @Test
  void whatIsLeftOutIsChosenAndReturned() {
    Reply reply = alice.upload("/decompositions", TestService.picture(), "a", "image/png", null);

    JsonNode settings = reply.json().get("settings");
    assertThat(reply.status()).isEqualTo(202);
    assertThat(settings.get("chosenWords")).hasSize(2);
    assertThat(settings.has("contentWord")).isFalse();
    assertThat(settings.get("seed").isIntegralNumber()).isTrue();
    assertThat(settings.get("steps").asInt()).isEqualTo(150);
    assertThat(settings.get("memory").get("blocks").get(0).asInt()).isZero();
    alice.post(reply.header("Location") + "/cancel");
  }

  @Test
  void wordsThatWereLeftOutAreShownOnceTheyAreFound() {
    JsonNode done = alice.run("{\"steps\": 1, \"styleWord\": \"gouache\"}", "SUCCEEDED");

    String word = done.get("settings").get("contentWord").asString();
    assertThat(word).isIn("fox", "castle", "car");
    assertThat(done.get("settings").get("styleWord").asString()).isEqualTo("gouache");
    assertThat(done.get("settings").get("chosenWords").get(0).asString()).isEqualTo("contentWord");
    Concept concept = ConceptFile.read(alice.bytes(done.get("links").get("artifact").asString()));
    assertThat(concept.metadata().options().contentWord()).isEqualTo(word);
  }

  @Test
  void aProfileThatTheModelWasNotMeasuredForIsRefused() {
    Reply reply = alice.submit("{\"profile\": \"MEASURED\"}");

    assertThat(reply.status()).isEqualTo(422);
    assertThat(reply.json().get("errors").get(0).get("pointer").asString()).isEqualTo("/profile");
  }

  @Test
  void partsOfTheMethodCanBeSwitchedOff() {
    JsonNode done =
        alice.run("{\"steps\": 2, \"memory\": false, \"rectification\": false}", "SUCCEEDED");

    assertThat(done.get("settings").get("memory").asBoolean()).isFalse();
    assertThat(done.get("settings").get("memory").isBoolean()).isTrue();
    assertThat(done.get("settings").get("rectification").isBoolean()).isTrue();
    Concept concept = ConceptFile.read(alice.bytes(done.get("links").get("artifact").asString()));
    assertThat(concept.tensors().keySet()).containsExactly("content.rows.0", "style.rows.0");
  }

  @Test
  void aDryRunSaysWhatWouldRunAndStoresNothing() {
    alice.run(SHORT, "SUCCEEDED");
    Set<String> before = service.owners();

    Reply reply =
        alice.upload(
            "/decompositions?dryRun=true", TestService.picture(), "fox.png", "image/png", SHORT);

    assertThat(reply.status()).isEqualTo(200);
    JsonNode body = reply.json();
    System.out.println("Dry run: " + body.get("estimate"));
    assertThat(body.get("settings").get("steps").asInt()).isEqualTo(4);
    assertThat(body.get("picture").get("width").asInt()).isEqualTo(96);
    assertThat(body.get("estimate").get("memoryBytes").asLong()).isGreaterThan(50_000_000);
    assertThat(body.get("estimate").get("basis").asString()).isEqualTo("RECENT_RUNS");
    long total = body.get("estimate").get("totalMillis").asLong();
    assertThat(total).isPositive();
    String unnamed = SHORT.replace("contentWord", "reference");
    Reply longer =
        alice.upload(
            "/decompositions?dryRun=true", TestService.picture(), "fox.png", "image/png", unnamed);
    assertThat(longer.json().get("estimate").get("totalMillis").asLong())
        .as("with a word to find")
        .isGreaterThan(total);
    assertThat(before).containsAll(service.owners());
    assertThat(alice.get("/decompositions").json().get("items")).hasSize(1);
  }

  @Test
  void everyWrongValueIsNamedAndNothingIsStored() {
    Set<String> before = service.owners();

    Reply reply =
        alice.submit(
            """
            {"contentWord": " ", "steps": 0, "tokens": 99, "memory": {"blocks": [7]},
             "rectification": {"rank": 3, "subConcepts": ["red fox", " red fox "]}}
            """);

    assertThat(reply.status()).isEqualTo(422);
    assertThat(reply.json().get("type").asString()).isEqualTo(ProblemType.VALIDATION.uri());
    List<String> pointers = new ArrayList<>();
    reply.json().get("errors").forEach(error -> pointers.add(error.get("pointer").asString()));
    assertThat(pointers)
        .contains("/contentWord", "/steps", "/tokens", "/memory/blocks", "/rectification/rank");
    reply =
        alice.submit(
            """
            {"contentWord": "???", "rectification": {"rank": 1, "subConcepts": ["red\\tfox"]}}
            """);
    assertThat(reply.json().at("/errors/0/pointer").asString()).isEqualTo("/contentWord");
    assertThat(reply.json().at("/errors/1/pointer").asString())
        .isEqualTo("/rectification/subConcepts/0");
    reply = alice.submit("{\"rectification\": {\"rank\": 51}}");
    assertThat(reply.status()).isEqualTo(422);
    assertThat(reply.json().at("/errors/0/pointer").asString()).isEqualTo("/rectification/rank");
    reply = alice.submit("{\"styleWord\": \"a\\u0000b\"}");
    assertThat(reply.status()).isEqualTo(422);
    assertThat(reply.json().at("/errors/0/pointer").asString()).isEqualTo("/styleWord");
    assertThat(problem(alice.get("/decompositions?label=a:%00"), 422))
        .isEqualTo(ProblemType.VALIDATION.uri());
    assertThat(problem(alice.submit("{\"backbone\": \"nonesuch\"}"), 422))
        .isEqualTo(ProblemType.VALIDATION.uri());
    assertThat(problem(alice.submit("{\"contentwort\": \"x\"}"), 422))
        .isEqualTo(ProblemType.VALIDATION.uri());
    for (String seed : List.of("-1", "9007199254740992")) {
      assertThat(problem(alice.submit("{\"seed\": " + seed + "}"), 422))
          .isEqualTo(ProblemType.VALIDATION.uri());
    }
    assertThat(problem(alice.submit("{\"memory\": 3}"), 422))
        .isEqualTo(ProblemType.VALIDATION.uri());
    assertThat(problem(alice.submit("{\"memory\": {\"blocks\": [null]}}"), 422))
        .isEqualTo(ProblemType.VALIDATION.uri());
    for (String labels :
        List.of("{\"a\": null}", "{\"\": \"b\"}", "{\"a\": \"" + "b".repeat(300) + "\"}")) {
      assertThat(problem(alice.submit("{\"labels\": " + labels + "}"), 422))
          .as(labels)
          .isEqualTo(ProblemType.VALIDATION.uri());
    }
    assertThat(problem(alice.submit("{"), 400)).isEqualTo(ProblemType.MALFORMED_REQUEST.uri());
    assertThat(before).containsAll(service.owners());
    assertThat(alice.get("/decompositions").json().get("items")).isEmpty();
  }

  @Test
  void twentyClientsWithOneKeyGetOneDecompositionAndOneAnswer() {
    String key = UUID.randomUUID().toString();
    ExecutorService pool = Executors.newFixedThreadPool(20);
    List<CompletableFuture<Reply>> calls =
        IntStream.range(0, 20)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> alice.submit(SHORT, "Idempotency-Key", key), pool))
            .toList();

    List<Reply> replies = calls.stream().map(CompletableFuture::join).toList();
    pool.shutdown();

    assertThat(replies).allSatisfy(reply -> assertThat(reply.status()).isEqualTo(202));
    Set<String> bodies = replies.stream().map(Reply::body).collect(Collectors.toSet());
    assertThat(bodies).hasSize(1);
    assertThat(replies.stream().filter(each -> each.header("Idempotency-Replayed") == null))
        .hasSize(1);
    assertThat(alice.get("/decompositions").json().get("items")).hasSize(1);
    assertThat(problem(alice.submit(LONG, "Idempotency-Key", key), 422))
        .isEqualTo(ProblemType.IDEMPOTENCY_MISMATCH.uri());
  }

  @Test
  void anAnswerTooLongToBeKeptIsMadeAnewForARepetition() {
    String lines =
        IntStream.range(0, 500)
            .mapToObj(i -> "\"" + "red fox ".repeat(24) + i + "\"")
            .collect(Collectors.joining(","));
    // With both words: one that is found shows in the settings later.
    String request =
        "{\"contentWord\": \"fox\", \"styleWord\": \"flat\","
            + " \"rectification\": {\"rank\": 3, \"subConcepts\": ["
            + lines
            + "]}}";

    Reply first = alice.submit(request, "Idempotency-Key", "long");
    Reply again = alice.submit(request, "Idempotency-Key", "long");

    assertThat(first.status()).as(first.body()).isEqualTo(202);
    assertThat(again.status()).isEqualTo(202);
    assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
    assertThat(again.json().get("id")).isEqualTo(first.json().get("id"));
    assertThat(again.json().get("settings")).isEqualTo(first.json().get("settings"));
    assertThat(alice.get(first.header("Location")).json().at("/settings/rectification/subConcepts"))
        .hasSize(500);
    JsonNode item = alice.get("/decompositions").json().at("/items/0");
    assertThat(item.get("id")).isEqualTo(first.json().get("id"));
    assertThat(item.at("/settings/rectification").toString()).isEqualTo("{\"rank\":3}");
    assertThat(alice.delete(first.header("Location")).status())
        .as("running by then, or not")
        .isIn(202, 204);
  }

  @Test
  void whoHasAsManyJobsWaitingAsMayIsToldThatItIsTheirOwnQuota() {
    service
        .context()
        .getBean(JdbcClient.class)
        .sql("insert into tenant_share (tenant, queued_cap, created_at) values (:tenant, 0, now())")
        .param("tenant", alice.name())
        .update();

    for (Reply refused : List.of(alice.submit(SHORT), alice.generate("{\"prompt\": \"a cat\"}"))) {
      assertThat(problem(refused, 429)).isEqualTo(ProblemType.QUOTA_EXCEEDED.uri());
      assertThat(Integer.parseInt(refused.header("Retry-After"))).isPositive();
    }
  }

  @Test
  void canceledWhileQueuedNeverRuns() {
    String running = alice.submit(LONG).header("Location");
    TestService.await()
        .until(() -> alice.get(running).json().path("progress").path("step").asInt() > 0);
    String queued = alice.submit(SHORT).header("Location");

    Reply canceled = alice.post(queued + "/cancel");

    assertThat(canceled.status()).isEqualTo(200);
    assertThat(canceled.json().get("state").asString()).isEqualTo("CANCELED");
    assertThat(alice.get(queued + "/attempts").json().get("items")).isEmpty();
    assertThat(problem(alice.get(queued + "/artifact"), 409))
        .isEqualTo(ProblemType.JOB_WITHOUT_RESULT.uri());
    assertThat(problem(alice.get(running + "/artifact"), 409))
        .isEqualTo(ProblemType.ARTIFACT_NOT_READY.uri());

    // While the lane is taken: a click after the end of a job is another matter.
    List<CompletableFuture<Reply>> clicks = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      clicks.add(CompletableFuture.supplyAsync(() -> alice.post(queued + "/retry")));
    }
    assertThat(clicks).extracting(click -> click.join().status()).containsOnly(202);

    Reply stopping = alice.post(running + "/cancel");
    assertThat(stopping.status()).isEqualTo(202);
    assertThat(alice.post(running + "/cancel").status()).isIn(200, 202);
    alice.until(running, "CANCELED");
    assertThat(alice.post(running + "/cancel").status()).isEqualTo(200);

    alice.until(queued, "SUCCEEDED");
    assertThat(problem(alice.post(queued + "/cancel"), 409)).isEqualTo(ProblemType.JOB_FINAL.uri());
    assertThat(problem(alice.post(queued + "/retry"), 409)).isEqualTo(ProblemType.JOB_FINAL.uri());
  }

  @Test
  void aJobWhoseModelIsGoneIsNotRetried() {
    String running = alice.submit(LONG).header("Location");
    String queued = alice.submit(SHORT).header("Location");
    alice.post(queued + "/cancel");
    JdbcClient sql = service.context().getBean(JdbcClient.class);
    assertThat(alice.get(queued).json().get("links").has("retry")).isTrue();
    String id = queued.substring(queued.lastIndexOf('/') + 1);
    sql.sql("update job set model_digest = 'of another release' where id = cast(? as uuid)")
        .param(id)
        .update();

    Reply refused = alice.post(queued + "/retry");

    assertThat(problem(refused, 409)).isEqualTo(ProblemType.JOB_FINAL.uri());
    assertThat(refused.json().get("detail").asString()).contains("send the request again");
    JsonNode after = alice.get(queued).json();
    assertThat(after.get("state").asString()).isEqualTo("CANCELED");
    assertThat(after.get("links").has("retry")).isFalse();
    alice.post(running + "/cancel");
  }

  @Test
  void aRunningDecompositionIsCanceledWithinOneStep() {
    String running = alice.submit(LONG).header("Location");
    TestService.await()
        .until(() -> alice.get(running).json().path("progress").path("step").asInt() > 2);

    Reply answer = alice.post(running + "/cancel");

    assertThat(answer.status()).isEqualTo(202);
    UUID id = UUID.fromString(alice.until(running, "CANCELED").get("id").asString());
    List<JobEvent> events =
        service.context().getBean(Jobs.class).events(alice.name(), id, 0, 100_000);
    List<JobEvent.Type> sinceTheCancel =
        events.stream()
            .map(JobEvent::type)
            .dropWhile(type -> type != JobEvent.Type.CANCEL_REQUESTED)
            .toList();
    assertThat(sinceTheCancel).startsWith(JobEvent.Type.CANCEL_REQUESTED);
    assertThat(sinceTheCancel).endsWith(JobEvent.Type.CANCELED);
    // Every step writes its progress; the one that the cancel came in may end without.
    assertThat(sinceTheCancel)
        .filteredOn(type -> type == JobEvent.Type.PROGRESS)
        .as("steps after the cancel")
        .hasSizeLessThanOrEqualTo(1);
    System.out.println("Canceled while running, events: " + sinceTheCancel);
  }

  @Test
  void anUnchangedDecompositionIsNotSentAgain() {
    JsonNode done = alice.run(SHORT, "SUCCEEDED");
    String path = done.get("links").get("self").asString();

    Reply first = alice.get(path);
    Reply again = alice.get(path, "If-None-Match", first.header("ETag"));

    assertThat(first.header("ETag")).startsWith("\"");
    assertThat(again.status()).isEqualTo(304);
    assertThat(again.body()).isEmpty();
  }

  @Test
  void everyChangeOfTheBodyChangesTheTag() {
    String before = alice.submit(LONG).header("Location");
    String path = alice.submit(SHORT).header("Location");
    Map<String, String> bodies = new java.util.concurrent.ConcurrentHashMap<>();
    Reply queued = alice.get(path);
    bodies.put(queued.header("ETag"), queued.body());
    alice.post(before + "/cancel");
    TestService.await()
        .until(
            () -> {
              Reply reply = alice.get(path);
              String known = bodies.put(reply.header("ETag"), reply.body());
              assertThat(known == null || known.equals(reply.body())).isTrue();
              return reply.json().get("state").asString().equals("SUCCEEDED");
            });
    assertThat(bodies).hasSizeGreaterThan(1);
  }

  @Test
  void partsOfTheArtifactCanBeFetched() throws Exception {
    JsonNode done = alice.run(SHORT, "SUCCEEDED");
    String path = done.get("links").get("artifact").asString();
    byte[] whole = alice.bytes(path);

    HttpResponse<byte[]> part = raw(path, "Range", "bytes=8-15");
    HttpResponse<byte[]> stale = raw(path, "Range", "bytes=8-15", "If-Range", "\"other\"");

    assertThat(part.statusCode()).isEqualTo(206);
    assertThat(part.body()).isEqualTo(java.util.Arrays.copyOfRange(whole, 8, 16));
    assertThat(part.headers().firstValue("Content-Range")).hasValue("bytes 8-15/" + whole.length);
    assertThat(stale.statusCode()).isEqualTo(200);
    assertThat(stale.body()).isEqualTo(whole);
    String tag = part.headers().firstValue("ETag").orElseThrow();
    assertThat(tag).isEqualTo('"' + done.get("result").get("artifactSha256").asString() + '"');
    assertThat(raw(path, "If-None-Match", tag).statusCode()).isEqualTo(304);
    assertThat(part.headers().firstValue("Content-Disposition").orElseThrow())
        .startsWith("attachment; filename=\"" + done.get("id").asString() + ".safetensors\"");
    assertThat(problem(alice.get(path, "Range", "bytes=99999999-"), 416))
        .isEqualTo(ProblemType.RANGE_NOT_SATISFIABLE.uri());
  }

  @Test
  void aPreviewIsAFileLikeOthers() throws Exception {
    JsonNode done = alice.run(SHORT, "SUCCEEDED");
    String path = done.get("links").get("previews").get(0).asString();
    byte[] whole = alice.bytes(path);

    HttpResponse<byte[]> part = raw(path, "Range", "bytes=1-3");

    assertThat(part.statusCode()).isEqualTo(206);
    assertThat(part.body()).isEqualTo(java.util.Arrays.copyOfRange(whole, 1, 4));
    String tag = part.headers().firstValue("ETag").orElseThrow();
    assertThat(raw(path, "If-None-Match", tag).statusCode()).isEqualTo(304);
    assertThat(raw(path, "If-None-Match", "*").statusCode()).isEqualTo(304);
    assertThat(part.headers().firstValue("Content-Type")).hasValue("image/png");
    assertThat(part.headers().firstValue("Cache-Control")).hasValue("no-cache, private");
    assertThat(part.headers().firstValue("Content-Disposition").orElseThrow())
        .startsWith("inline; filename=\"" + done.get("id").asString() + "-2.png\"");
    assertThat(problem(alice.get(path, "Range", "bytes=99999999-"), 416))
        .isEqualTo(ProblemType.RANGE_NOT_SATISFIABLE.uri());
  }

  private HttpResponse<byte[]> raw(String path, String... headers) throws Exception {
    return alice
        .client()
        .http()
        .send(alice.at(path).headers(headers).build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  @Test
  void anExportedArtifactCanBeImportedByAnotherTenant() {
    JsonNode done = alice.run(SHORT, "SUCCEEDED");
    byte[] file = alice.bytes(done.get("links").get("artifact").asString());
    Caller bob = service.newTenant();

    Reply imported = bob.put("/artifacts?reference=from%20alice", file);
    Reply again = bob.put("/artifacts", file);

    assertThat(imported.status()).isEqualTo(201);
    JsonNode body = imported.json();
    assertThat(body.get("state").asString()).isEqualTo("SUCCEEDED");
    assertThat(body.get("reference").asString()).isEqualTo("from alice");
    assertThat(body.has("picture")).isFalse();
    assertThat(body.get("settings")).isEqualTo(done.get("settings"));
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.header("Location")).isEqualTo(imported.header("Location"));
    assertThat(bob.bytes(body.get("links").get("artifact").asString())).isEqualTo(file);
    assertThat(
            service
                .context()
                .getBean(ConceptShelf.class)
                .find(bob.name(), UUID.fromString(body.get("id").asString())))
        .isNotNull();
    assertThat(bob.delete(imported.header("Location")).status()).isEqualTo(204);
    TestService.await().until(() -> service.stored(body.get("id").asString()).isEmpty());
  }

  @Test
  void whatIsNoArtifactOfAModelHereIsRefused() {
    JsonNode done = alice.run(SHORT, "SUCCEEDED");
    byte[] file = alice.bytes(done.get("links").get("artifact").asString());
    Concept concept = ConceptFile.read(file);
    Set<String> before = service.owners();

    assertThat(problem(alice.put("/artifacts", new byte[0]), 400))
        .isEqualTo(ProblemType.MALFORMED_REQUEST.uri());
    assertThat(problem(alice.put("/artifacts", "hello".getBytes(StandardCharsets.UTF_8)), 422))
        .isEqualTo(ProblemType.INVALID_ARTIFACT.uri());
    byte[] damaged = java.util.Arrays.copyOf(file, file.length - 5);
    assertThat(problem(alice.put("/artifacts", damaged), 422))
        .isEqualTo(ProblemType.INVALID_ARTIFACT.uri());
    byte[] foreign = ConceptFile.write(WrongConcepts.onAnotherModel(concept));
    assertThat(problem(alice.put("/artifacts", foreign), 422))
        .isEqualTo(ProblemType.INCOMPATIBLE_ARTIFACT.uri());
    byte[] partial = ConceptFile.write(WrongConcepts.without(concept, "style.memory.0.k"));
    assertThat(problem(alice.put("/artifacts", partial), 422))
        .isEqualTo(ProblemType.INVALID_ARTIFACT.uri());
    byte[] wordless = ConceptFile.write(WrongConcepts.withoutWords(concept));
    assertThat(problem(alice.put("/artifacts", wordless), 422))
        .isEqualTo(ProblemType.INVALID_ARTIFACT.uri());
    assertThat(before).containsAll(service.owners());
  }

  @Test
  void deletingLeavesNothing() {
    JsonNode done = alice.run(SHORT, "SUCCEEDED");
    String id = done.get("id").asString();
    String path = done.get("links").get("self").asString();
    assertThat(service.stored(id)).hasSize(3); // picture, preview, concept

    assertThat(alice.delete(path).status()).isEqualTo(204);

    TestService.await().until(() -> service.stored(id).isEmpty());
    assertThat(alice.get(path).status()).isEqualTo(404);
    assertThat(alice.get(path + "/artifact").status()).isEqualTo(404);
    assertThat(alice.delete(path).status()).isEqualTo(404);
    for (String table : List.of("decomposition", "job")) {
      assertThat(count(table, "id", id)).as(table).isZero();
    }
    for (String table : List.of("job_event", "attempt", "checkpoint")) {
      assertThat(count(table, "job_id", id)).as(table).isZero();
    }
  }

  @Test
  void deletingARunningOneStopsItFirst() {
    String path = alice.submit(LONG).header("Location");
    String id = path.substring(path.lastIndexOf('/') + 1);
    TestService.await()
        .until(() -> alice.get(path).json().path("links").path("previews").size() > 1);

    assertThat(alice.delete(path).status()).isEqualTo(202);

    assertThat(alice.get(path).status()).isEqualTo(404);
    assertThat(alice.get(path + "/attempts").status()).isEqualTo(404);
    assertThat(alice.get("/decompositions").json().get("items")).isEmpty();
    assertThat(alice.delete(path).status()).isEqualTo(404);
    TestService.await().until(() -> count("job", "id", id) == 0);
    TestService.await().until(() -> service.stored(id).isEmpty());
    assertThat(count("decomposition", "id", id)).isZero();
    assertThat(count("preview", "decomposition_id", id)).isZero();
    assertThat(count("checkpoint", "job_id", id)).isZero();
  }

  private static int count(String table, String column, String id) {
    return QueueFixture.over(database, java.time.Clock.systemUTC())
        .sql
        .sql("select count(*) from " + table + " where " + column + " = :id")
        .param("id", UUID.fromString(id))
        .query(Integer.class)
        .single();
  }

  @Test
  void eventsAreReplayedFromWhereTheClientWas() {
    String path = alice.submit(SHORT).header("Location");

    List<Event> all = alice.events(path, null);

    List<String> names = all.stream().map(Event::name).toList();
    assertThat(names).startsWith("queued", "started").endsWith("succeeded");
    assertThat(names).contains("progress", "preview");
    assertThat(all.stream().map(Event::id)).isSorted().doesNotHaveDuplicates();
    Event preview = all.stream().filter(each -> each.name().equals("preview")).findFirst().get();
    assertThat(alice.get(preview.data().get("preview").asString()).status()).isEqualTo(200);
    Event progress = all.stream().filter(each -> each.name().equals("progress")).findFirst().get();
    assertThat(progress.data().get("totalSteps").asInt()).isEqualTo(4);

    List<Event> rest = alice.events(path, all.get(1).id());
    assertThat(rest).isNotEmpty().allSatisfy(each -> assertThat(each.id()).isGreaterThan(2));
    assertThat(rest.get(rest.size() - 1).name()).isEqualTo("succeeded");
    Reply nothing = alice.get(path + "/events", "Last-Event-ID", "" + all.get(all.size() - 1).id());
    assertThat(nothing.status()).isEqualTo(204);
  }

  @Test
  void listsArePagedAndFiltered() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      String request =
          "{\"steps\": 1, \"labels\": {\"half\": \"%s\", \"a,b\": \"c:d\"}}"
              .formatted(i % 2 == 0 ? "even" : "odd");
      Reply reply = alice.submit(request);
      ids.add(0, reply.json().get("id").asString());
      alice.until(reply.header("Location"), "SUCCEEDED");
    }

    List<String> found = new ArrayList<>();
    String next = "/decompositions?limit=2&state=SUCCEEDED";
    int pages = 0;
    while (next != null) {
      Reply page = alice.get(next);
      page.json().get("items").forEach(item -> found.add(item.get("id").asString()));
      String link = page.header("Link");
      next = link == null ? null : link.substring(1, link.indexOf('>'));
      pages++;
    }
    assertThat(found).isEqualTo(ids);
    assertThat(pages).isEqualTo(3);
    assertThat(items("/decompositions?label=half:odd")).hasSize(2);
    assertThat(items("/decompositions?label=half:even&label=a,b:c:d")).hasSize(3);
    assertThat(items("/decompositions?state=QUEUED&state=FAILED")).isEmpty();
    assertThat(items("/decompositions?state=&state=SUCCEEDED")).hasSize(5);
    String third = alice.get("/decompositions/" + ids.get(2)).json().get("createdAt").asString();
    assertThat(items("/decompositions?createdFrom=" + third)).hasSize(3);
    assertThat(items("/decompositions?createdBefore=" + third)).hasSize(2);
    assertThat(items("/decompositions?label=half:odd&label=half:odd")).hasSize(2);
    assertThat(problem(alice.get("/decompositions?label=half:odd&label=half:even"), 422))
        .isEqualTo(ProblemType.VALIDATION.uri());
    assertThat(problem(alice.get("/decompositions?label=odd"), 422))
        .isEqualTo(ProblemType.VALIDATION.uri());
    assertThat(problem(alice.get("/decompositions?state=ODD"), 422))
        .isEqualTo(ProblemType.VALIDATION.uri());
  }

  private JsonNode items(String path) {
    return alice.get(path).json().get("items");
  }

  /** Lanes ask for concepts, not over HTTP. */
  @Test
  void aLaneFindsTheConceptsOfItsJobsTenantAlone() {
    UUID id = UUID.fromString(alice.run(SHORT, "SUCCEEDED").get("id").asString());
    Concepts concepts = service.context().getBean(ConceptShelf.class);

    assertThat(concepts.find(alice.name(), id).metadata().losses()).hasSize(4);
    assertThatThrownBy(() -> concepts.find(service.newTenant().name(), id))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refused ->
                assertThat(refused.problem().type()).isEqualTo(ProblemType.UNKNOWN_ARTIFACT));
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String problem(Reply reply, int status) {
    assertThat(reply.status()).as(reply.body()).isEqualTo(status);
    assertThat(reply.header("Content-Type")).startsWith("application/problem+json");
    return reply.json().get("type").asString();
  }
}
