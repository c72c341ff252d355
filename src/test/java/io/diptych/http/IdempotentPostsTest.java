package io.diptych.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.http.Client.Reply;
import io.diptych.http.problem.ProblemType;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import samples.SampleRoutes.Things;

@HttpTest
class IdempotentPostsTest {

  @LocalServerPort private int port;
  @Autowired private JdbcClient jdbc;
  private Client client;
  private final String key = UUID.randomUUID().toString();
  private final String name = "thing-" + key;

  @BeforeEach
  void connect() {
    client = new Client(port);
    Things.hold = new CountDownLatch(0);
  }

  @Test
  void twentyClientsAtOnceGetOneThingAndOneAnswer() {
    ExecutorService pool = Executors.newFixedThreadPool(20);
    List<CompletableFuture<Reply>> calls =
        IntStream.range(0, 20)
            .mapToObj(i -> CompletableFuture.supplyAsync(() -> post("/things"), pool))
            .toList();

    List<Reply> replies = calls.stream().map(CompletableFuture::join).toList();
    pool.shutdown();

    assertThat(replies).allSatisfy(reply -> assertThat(reply.status()).isEqualTo(202));
    assertThat(replies.stream().map(reply -> reply.header("Location")).collect(Collectors.toSet()))
        .hasSize(1);
    assertThat(replies.stream().map(Reply::body).collect(Collectors.toSet())).hasSize(1);
    assertThat(
            replies.stream().filter(reply -> reply.header("Idempotency-Replayed") == null).count())
        .isEqualTo(1);
    assertThat(things()).isEqualTo(1);
  }

  @Test
  void theSpellingOfTheJsonDoesNotMatter() {
    Reply first = post("/things", "{\"name\":\"" + name + "\",\"steps\":3}");
    Reply second = post("/things", "{ \"steps\" : 3, \"name\" : \"" + name + "\" }");

    assertThat(second.header("Idempotency-Replayed")).isEqualTo("true");
    assertThat(second.header("Location")).isEqualTo(first.header("Location"));
  }

  @Test
  void anotherBodyWithTheKeyIsAProblem() {
    post("/things");

    Reply reply = post("/things", "{\"name\":\"other\"}");

    assertThat(reply.status()).isEqualTo(422);
    assertThat(reply.json().get("type").asString())
        .isEqualTo(ProblemType.IDEMPOTENCY_MISMATCH.uri());
  }

  @Test
  void aRefusedRequestMayBeRepeatedWithItsKey() {
    Reply refused = post("/things", "{\"name\":\"refused\"}");
    Reply again = post("/things");

    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.header("Retry-After")).isEqualTo("2");
    assertThat(again.status()).isEqualTo(202);
  }

  @Test
  void aRepetitionDuringTheFirstAnswerIsAConflict() {
    CountDownLatch hold = new CountDownLatch(1);
    Things.hold = hold;
    CompletableFuture<Reply> first = CompletableFuture.supplyAsync(() -> post("/things/made"));
    Awaitility.await().until(() -> things() == 1);

    Reply second = post("/things/made");
    hold.countDown();
    Reply third = first.thenApply(done -> post("/things/made")).join();

    assertThat(second.status()).isEqualTo(409);
    assertThat(second.json().get("type").asString())
        .isEqualTo(ProblemType.IDEMPOTENCY_CONFLICT.uri());
    assertThat(second.header("Retry-After")).isEqualTo("2");
    assertThat(third.status()).isEqualTo(201);
    assertThat(third.header("Idempotency-Replayed")).isEqualTo("true");
    assertThat(third.body()).isEqualTo(first.join().body());
    assertThat(things()).isEqualTo(1);
  }

  @Test
  void thePreferenceThatCountedIsNamed() {
    Reply reply = client.post("/things/made", "{\"name\":\"" + name + "\"}", "Prefer", "wait=90");

    assertThat(reply.header("Preference-Applied")).isEqualTo("wait=60");
  }

  private Reply post(String path) {
    return post(path, "{\"name\":\"" + name + "\"}");
  }

  private Reply post(String path, String json) {
    return client.post(path, json, "Idempotency-Key", key);
  }

  private long things() {
    return jdbc.sql("select count(*) from thing where name = :name")
        .param("name", name)
        .query(Long.class)
        .single();
  }
}
