package io.diptych.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.http.Client.Reply;
import io.diptych.http.event.EventStreams;
import io.diptych.http.event.StreamEvent;
import io.diptych.http.problem.ProblemType;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import samples.SampleRoutes.Things;

@HttpTest
class EventStreamsTest {

  @LocalServerPort private int port;
  @Autowired private EventStreams streams;
  private Client client;
  private final UUID id = UUID.randomUUID();
  private final List<Socket> sockets = new ArrayList<>();

  @BeforeEach
  void connect() {
    client = new Client(port);
    Things.EVENTS.clear();
    Things.ended = false;
  }

  @AfterEach
  void hangUp() throws Exception {
    Things.ended = true;
    for (Socket socket : sockets) {
      socket.close();
    }
    Awaitility.await().until(() -> streams.count() == 0);
  }

  @Test
  void aFinishedStreamIsSentToItsEndAndClosed() {
    progress(1);
    progress(2);
    Things.EVENTS.add(StreamEvent.milestone(3, "succeeded", Map.of("state", "SUCCEEDED")));
    Things.ended = true;

    Reply reply = client.get("/things/" + id + "/events", "Accept", "text/event-stream");

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.header("Content-Type")).isEqualTo("text/event-stream");
    assertThat(reply.header("X-Accel-Buffering")).isEqualTo("no");
    assertThat(reply.header("Cache-Control")).isEqualTo("no-store");
    assertThat(reply.body())
        .isEqualTo(
            """
            retry:2000

            id:2
            event:progress
            data:{"step":2}

            id:3
            event:succeeded
            data:{"state":"SUCCEEDED"}

            """);
  }

  @Test
  void aClientThatResumesGetsWhatItMissed() {
    for (int step = 1; step <= 5; step++) {
      progress(step);
    }
    Things.ended = true;

    Reply reply = client.get("/things/" + id + "/events", "Last-Event-ID", "2");

    assertThat(reply.body().lines().filter(line -> line.startsWith("id:")))
        .containsExactly("id:3", "id:4", "id:5");
  }

  @Test
  void aClientThatHasEverythingIsToldToStayAway() {
    progress(1);
    Things.ended = true;

    assertThat(client.get("/things/" + id + "/events", "Last-Event-ID", "1").status())
        .isEqualTo(204);
  }

  @Test
  void aLastEventIdThatIsNoNumberStartsAfresh() {
    progress(1);
    Things.ended = true;

    assertThat(client.get("/things/" + id + "/events", "Last-Event-ID", "x").body())
        .contains("id:1");
  }

  @Test
  void eventsArriveWhileTheStreamIsOpenAndHeartbeatsInBetween() throws Exception {
    InputStream body = open();
    assertThat(line(body)).isEqualTo("retry:2000");
    assertThat(line(body)).isEmpty();

    progress(1);
    streams.changed(id);

    List<String> lines = new ArrayList<>();
    while (!(lines.contains("id:1") && lines.get(lines.size() - 1).equals(":heartbeat"))) {
      lines.add(line(body));
    }

    assertThat(lines).containsSequence("id:1", "event:progress", "data:{\"step\":1}", "");
  }

  @Test
  void aStreamIsRefusedOnceTheInstanceGoesDown() {
    streams.stop();
    try {
      Reply reply = client.get("/things/" + id + "/events", "Accept", "text/event-stream");

      assertThat(reply.status()).isEqualTo(503);
      assertThat(reply.header("Retry-After")).isNotNull();
      assertThat(streams.count()).isZero();
    } finally {
      streams.start();
    }
  }

  @Test
  void aClientThatHangsUpIsForgotten() throws Exception {
    Socket socket = rawStream();
    Awaitility.await().until(() -> streams.count() == 1);

    socket.close();

    Awaitility.await().until(() -> streams.count() == 0);
  }

  @Test
  void aClientThatDoesNotReadDelaysNobody() throws Exception {
    Socket slow = rawStream();
    slow.setReceiveBufferSize(1024);
    Things.EVENTS.add(
        StreamEvent.milestone(1, "large", Map.of("text", "x".repeat(20 * 1024 * 1024))));
    // Its first bytes have come, and nobody takes the rest: the writer is stuck in this event.
    Awaitility.await().until(() -> slow.getInputStream().available() > 1000);
    Things.EVENTS.clear();
    progress(2);

    InputStream body = open();

    assertThat(line(body)).isEqualTo("retry:2000");
    assertThat(line(body)).isEmpty();
    assertThat(line(body)).isEqualTo("id:2");
  }

  @Test
  void aTenantMayOnlyHoldSoManyStreamsOpen() throws Exception {
    rawStream();
    rawStream();
    rawStream();
    Awaitility.await().until(() -> streams.count() == 3);

    Reply reply = client.get("/things/" + id + "/events");

    assertThat(reply.status()).isEqualTo(429);
    assertThat(reply.json().get("type").asString()).isEqualTo(ProblemType.RATE_LIMITED.uri());
    assertThat(reply.header("Retry-After")).isEqualTo("30");
  }

  private InputStream open() throws Exception {
    HttpResponse<InputStream> response =
        client
            .http()
            .send(
                client.at("/things/" + id + "/events").build(),
                HttpResponse.BodyHandlers.ofInputStream());
    return response.body();
  }

  private Socket rawStream() throws Exception {
    Socket socket = new Socket("127.0.0.1", port);
    sockets.add(socket);
    socket
        .getOutputStream()
        .write(
            ("GET /things/" + id + "/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().flush();
    return socket;
  }

  private static String line(InputStream body) throws Exception {
    StringBuilder line = new StringBuilder();
    for (int next = body.read(); next != '\n'; next = body.read()) {
      assertThat(next).as("the stream goes on after \"%s\"", line).isNotNegative();
      line.append((char) next);
    }
    return line.toString();
  }

  private static void progress(long step) {
    Things.EVENTS.add(StreamEvent.snapshot(step, "progress", Map.of("step", step)));
  }
}
