package io.diptych.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.http.Client.Reply;
import io.diptych.http.problem.ProblemType;
import java.io.ByteArrayInputStream;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;

@HttpTest
@ExtendWith(OutputCaptureExtension.class)
class ProblemAnswersTest {

  @LocalServerPort private int port;
  private Client client;

  @BeforeEach
  void connect() {
    client = new Client(port);
  }

  @Test
  void unknownRouteIsAProblem() {
    problem(client.get("/no/such/route"), ProblemType.NOT_FOUND);
  }

  @Test
  void unknownIdIsAProblemThatNamesIt() {
    UUID id = UUID.randomUUID();

    JsonNode problem = problem(client.get("/things/" + id), ProblemType.NOT_FOUND);

    assertThat(problem.get("detail").asString()).isEqualTo("There is no thing " + id + ".");
  }

  @Test
  void anIdThatIsNoUuidIsNotFound() {
    problem(client.get("/things/17"), ProblemType.NOT_FOUND);
  }

  @Test
  void wrongMethodIsAProblemWithAllow() {
    Reply reply = client.send(client.at("/fail/number").DELETE());

    JsonNode problem = problem(reply, ProblemType.METHOD_NOT_ALLOWED);

    assertThat(reply.header("Allow")).isEqualTo("GET");
    assertThat(problem.get("detail").asString()).isEqualTo("DELETE is not known here; use GET.");
  }

  @Test
  void unknownMethodIsAProblem() {
    Reply reply =
        client.send(client.at("/fail/number").method("BREW", HttpRequest.BodyPublishers.noBody()));

    assertThat(reply.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(reply.status()).isBetween(400, 499);
  }

  @Test
  void traceMethodIsAProblem() {
    String answer =
        client.raw("TRACE /things HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

    assertThat(answer).startsWith("HTTP/1.1 405").contains("application/problem+json");
  }

  @Test
  void unacceptableAcceptIsAProblem() {
    Reply reply = client.get("/fail/unwritable", "Accept", "application/pdf");

    assertThat(problem(reply, ProblemType.NOT_ACCEPTABLE).get("detail").asString())
        .contains("application/json");
  }

  @Test
  void whoAsksForAPictureStillGetsTheReason() {
    problem(
        client.get("/things/" + UUID.randomUUID() + "/picture", "Accept", "image/png"),
        ProblemType.NOT_FOUND);
  }

  @Test
  void whoAsksForAStreamStillGetsTheReason() {
    problem(client.get("/things/17/events", "Accept", "text/event-stream"), ProblemType.NOT_FOUND);
  }

  @Test
  void wrongMediaTypeIsAProblem() {
    Reply reply =
        client.send(
            client
                .at("/things")
                .header("Content-Type", "text/csv")
                .POST(HttpRequest.BodyPublishers.ofString("a,b")));

    assertThat(problem(reply, ProblemType.UNSUPPORTED_MEDIA_TYPE).get("detail").asString())
        .isEqualTo("text/csv is not read here; use application/json.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"name\":|/malformed",
        "|/malformed",
        "{\"name\":\"a\"} trailing|/malformed",
        "{\"name\":\"a\",\"name\":\"b\"}|/malformed"
      })
  void brokenJsonIsAProblem(String body, String ignored) {
    problem(client.post("/things", body == null ? "" : body), ProblemType.MALFORMED_REQUEST);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"name\":\"a\",\"colr\":\"RED\"}|/colr|is not known here; known are after, colour, guidance, labels, name, steps, steps2",
        "{\"name\":\"a\",\"guidance\":{\"scale\":1,\"x\":1}}|/guidance/x|is not known here; known are scale",
        "{\"name\":\"a\",\"steps\":\"12\"}|/steps|must be a whole number of at most 32 bits",
        "{\"name\":\"a\",\"steps\":1.5}|/steps|must be a whole number of at most 32 bits",
        "{\"name\":\"a\",\"steps\":99999999999}|/steps|must be a whole number of at most 32 bits",
        "{\"name\":7}|/name|must be a string",
        "{\"name\":\"a\",\"colour\":\"BLUE\"}|/colour|must be one of RED, GREEN",
        "{\"name\":\"a\",\"colour\":0}|/colour|must be one of RED, GREEN",
        "{\"name\":\"a\",\"guidance\":[]}|/guidance|must be an object",
        "{\"name\":\"a\",\"guidance\":{\"scale\":\"x\"}}|/guidance/scale|must be a number",
        "{\"name\":\"a\",\"guidance\":{\"scale\":null}}|/guidance/scale|must be a number",
        "{\"name\":\"a\",\"steps2\":{}}|/steps2|must be an array",
        "{\"name\":\"a\",\"steps2\":[{\"scale\":1},{\"scale\":true}]}|/steps2/1/scale|must be a number",
        "{\"name\":\"a\",\"after\":\"yesterday\"}|/after|must be a time as in RFC 3339",
        "{\"name\":\"\"}|/name|is missing",
        "{}|/name|is missing",
        "{\"name\":\"a\",\"steps\":101}|/steps|must be at most 100",
        "{\"name\":\"a\",\"guidance\":{\"scale\":-1}}|/guidance/scale|must not be negative",
        "{\"name\":\"a\",\"steps2\":[{\"scale\":1},{\"scale\":-1}]}|/steps2/1/scale|must not be negative",
      })
  void wrongValueIsAProblemWithItsPointer(String body, String pointer, String detail) {
    JsonNode problem = problem(client.post("/things", body), ProblemType.VALIDATION);

    assertThat(problem.get("errors")).hasSize(1);
    assertThat(problem.at("/errors/0/pointer").asString()).isEqualTo(pointer);
    assertThat(problem.at("/errors/0/detail").asString()).isEqualTo(detail);
    assertThat(problem.get("detail").asString()).isEqualTo(pointer + " " + detail + ".");
  }

  @Test
  void everyWrongValueIsNamedAtOnce() {
    JsonNode problem =
        problem(client.post("/things", "{\"name\":\"\",\"steps\":101}"), ProblemType.VALIDATION);

    assertThat(problem.get("errors").findValuesAsString("pointer"))
        .containsExactlyInAnyOrder("/name", "/steps");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/fail/number|count|is missing",
        "/fail/number?count=many|count|must be a whole number of at most 32 bits",
        "/fail/number?count=1&colour=BLUE|colour|must be one of RED, GREEN",
        "/fail/positive?count=0|count|must be at least 1",
        "/things?limit=0|limit|must be a whole number from 1 to 100",
        "/things?limit=101|limit|must be a whole number from 1 to 100",
        "/things?cursor=AAAA|cursor|is not a cursor of this list with these filters"
      })
  void wrongParameterIsAProblemThatNamesIt(String path, String name, String detail) {
    JsonNode problem = problem(client.get(path), ProblemType.VALIDATION);

    assertThat(problem.at("/errors/0/parameter").asString()).isEqualTo(name);
    assertThat(problem.at("/errors/0/detail").asString()).isEqualTo(detail);
  }

  @Test
  void emptyIdempotencyKeyIsAProblemThatNamesTheHeader() {
    JsonNode problem =
        problem(
            client.post("/things", "{\"name\":\"a\"}", "Idempotency-Key", "\"\""),
            ProblemType.VALIDATION);

    assertThat(problem.at("/errors/0/header").asString()).isEqualTo("Idempotency-Key");
  }

  @Test
  void jsonPartNeedsNoContentType() {
    Reply reply =
        multipart(
            part("image", "x.png", null, "abc"), part("request", null, null, "{\"name\":\"a\"}"));

    assertThat(reply.status()).as(reply.body()).isEqualTo(200);
    assertThat(reply.json().get("bytes").asInt()).isEqualTo(3);
    assertThat(reply.json().get("name").asString()).isEqualTo("a");
  }

  @Test
  void unknownPropertyInAPartIsAProblemWithItsPointer() {
    JsonNode problem =
        problem(
            multipart(
                part("image", "x.png", "image/png", "abc"),
                part("request", null, "application/json", "{\"name\":\"a\",\"step\":1}")),
            ProblemType.VALIDATION);

    assertThat(problem.at("/errors/0/pointer").asString()).isEqualTo("/step");
  }

  @Test
  void unknownPartIsAProblemThatNamesItAndWhatIsKnown() {
    JsonNode problem =
        problem(
            multipart(
                part("image", "x.png", "image/png", "abc"),
                part("options", null, "application/json", "{\"name\":\"a\"}"),
                part("steps", null, null, "20")),
            ProblemType.VALIDATION);

    assertThat(problem.at("/errors/0/parameter").asString()).isEqualTo("options");
    assertThat(problem.at("/errors/0/detail").asString()).contains("image, request");
    assertThat(problem.at("/errors/1/parameter").asString()).isEqualTo("steps");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /things?nam=a&limit=1|nam|known are cursor, limit, name
          /things/00000000-0000-0000-0000-000000000001?dryRun=true|dryRun|there are none
          /fail/number?count=1&colours=RED|colours|known are colour, count
          """)
  void unknownQueryParameterIsAProblemThatNamesItAndWhatIsKnown(
      String uri, String name, String known) {
    JsonNode problem = problem(client.get(uri), ProblemType.VALIDATION);

    assertThat(problem.get("errors")).hasSize(1);
    assertThat(problem.at("/errors/0/parameter").asString()).isEqualTo(name);
    assertThat(problem.at("/errors/0/detail").asString())
        .isEqualTo("is a query parameter that is not known here; " + known);
  }

  @Test
  void aJsonPartIsBoundAsAJsonBodyIs() {
    problem(
        multipart(
            part("image", "x.png", "image/png", "abc"),
            part(
                "request",
                "request.json",
                "application/json",
                "{\"name\":\"" + "a".repeat(1 << 20) + "\"}")),
        ProblemType.PAYLOAD_TOO_LARGE);
  }

  @Test
  void missingPartIsAProblemThatNamesIt() {
    JsonNode problem =
        problem(multipart(part("request", null, null, "{\"name\":\"a\"}")), ProblemType.VALIDATION);

    assertThat(problem.at("/errors/0/parameter").asString()).isEqualTo("image");
  }

  @Test
  void tornMultipartBodyIsAProblem() {
    Reply reply =
        client.send(
            client
                .at("/things/uploads")
                .header("Content-Type", "multipart/form-data; boundary=x")
                .POST(HttpRequest.BodyPublishers.ofString("--x\r\nContent-Disposition: form-da")));

    problem(reply, ProblemType.MALFORMED_REQUEST);
  }

  @Test
  void multipartBodyWithoutBoundaryIsAProblem() {
    Reply reply =
        client.send(
            client
                .at("/things/uploads")
                .header("Content-Type", "multipart/form-data")
                .POST(HttpRequest.BodyPublishers.ofString("--x")));

    problem(reply, ProblemType.MALFORMED_REQUEST);
  }

  @ParameterizedTest
  @ValueSource(ints = {201 * 1024, 3 * 1024 * 1024})
  void tooLargeUploadIsAProblemThatArrives(int bytes) {
    JsonNode problem =
        problem(
            multipart(part("image", "x.png", "image/png", "a".repeat(bytes))),
            ProblemType.PAYLOAD_TOO_LARGE);

    assertThat(problem.get("detail").asString()).contains("KiB");
  }

  @Test
  void tooManyPartsAreAProblem() {
    String[] parts = new String[200];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = part("p" + i, null, null, "x");
    }

    problem(multipart(parts), ProblemType.PAYLOAD_TOO_LARGE);
  }

  @Test
  void tooLargeJsonIsAProblem() {
    problem(
        client.post("/things", "{\"name\":\"" + "a".repeat(5000) + "\"}"),
        ProblemType.PAYLOAD_TOO_LARGE);
  }

  @Test
  void tooLargeJsonOfUndeclaredLengthIsAProblem() {
    byte[] body = ("{\"name\":\"" + "a".repeat(5000) + "\"}").getBytes(StandardCharsets.UTF_8);

    Reply reply =
        client.send(
            client
                .at("/things")
                .header("Content-Type", "application/json")
                .POST(
                    HttpRequest.BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(body))));

    problem(reply, ProblemType.PAYLOAD_TOO_LARGE);
  }

  @Test
  void tooLargeRawUploadOfUndeclaredLengthIsAProblem() {
    Reply reply =
        client.send(
            client
                .at("/things/raw")
                .header("Content-Type", "application/octet-stream")
                .POST(
                    HttpRequest.BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(new byte[300 * 1024]))));

    problem(reply, ProblemType.PAYLOAD_TOO_LARGE);
  }

  @Test
  void rangeOutsideTheFileIsAProblem() {
    Reply reply = client.get("/things/" + UUID.randomUUID() + "/file", "Range", "bytes=20-30");

    problem(reply, ProblemType.RANGE_NOT_SATISFIABLE);
    assertThat(reply.header("Content-Range")).isEqualTo("bytes */10");
  }

  @Test
  void rangeInsideTheFileIsServed() {
    Reply reply = client.get("/things/" + UUID.randomUUID() + "/file", "Range", "bytes=2-4");

    assertThat(reply.status()).isEqualTo(206);
    assertThat(reply.body()).isEqualTo("234");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/fail/sql", "/fail/null", "/fail/error", "/fail/unwritable"})
  void ourOwnFailuresTellNothingOfTheInside(String path) {
    Reply reply = client.get(path);

    problem(reply, ProblemType.INTERNAL);
    assertThat(reply.body())
        .doesNotContainIgnoringCase("select")
        .doesNotContain("secret")
        .doesNotContain("Exception")
        .doesNotContain("Error")
        .doesNotContain("io.diptych")
        .doesNotContain("/home")
        .doesNotContain("java");
  }

  @Test
  void aDatabaseThatIsTooBusyIsAProblemToRetry() {
    Reply reply = client.get("/fail/database");

    problem(reply, ProblemType.UNAVAILABLE);
    assertThat(reply.header("Retry-After")).isEqualTo("5");
    assertThat(reply.body()).doesNotContain("select");
  }

  @Test
  void aDatabaseThatGoesAwayIsAProblemToRetry() {
    problem(client.get("/fail/lost"), ProblemType.UNAVAILABLE);
  }

  @Test
  void aFeatureSaysWhichProblemItsExceptionIs() {
    Reply reply = client.get("/fail/feature");

    problem(reply, ProblemType.QUEUE_FULL);
    assertThat(reply.header("Retry-After")).isEqualTo("9");
  }

  @Test
  void aFailureInAnotherThreadIsAProblemWithItsJob() {
    JsonNode problem = problem(client.get("/fail/late"), ProblemType.OUT_OF_MEMORY);

    assertThat(problem.get("jobId").asString()).isEqualTo("J-7");
  }

  @Test
  void whatTheServiceKnowsToBeWrongIsOneLineOfTheLog(CapturedOutput output) {
    problem(client.get("/fail/late"), ProblemType.OUT_OF_MEMORY);

    List<String> lines = output.getAll().lines().toList();
    assertThat(lines)
        .filteredOn(line -> line.contains("GET /fail/late failed"))
        .singleElement(InstanceOfAssertFactories.STRING)
        .endsWith(
            "The device has 0 bytes free. Ask for fewer images, fewer tokens or a smaller model,"
                + " or try again later.");
    assertThat(lines).noneMatch(line -> line.contains("ProblemException"));
  }

  @Test
  void whatNobodyForesawIsLoggedWithItsStack(CapturedOutput output) {
    problem(client.get("/fail/null"), ProblemType.INTERNAL);

    assertThat(output.getAll())
        .contains("GET /fail/null failed")
        .containsPattern("NullPointerException[\\s\\S]+at samples.SampleRoutes");
  }

  @Test
  void anAnswerThatNeverComesIsAProblem() {
    problem(client.get("/fail/never"), ProblemType.UNAVAILABLE);
  }

  @Test
  void theTraceIdOfTheCallerComesBack() {
    JsonNode problem =
        problem(
            client.get(
                "/no", "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
            ProblemType.NOT_FOUND);

    assertThat(problem.get("traceId").asString()).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /things|a HTTP/1.1\r\nHost: localhost\r\n",
        "GET /things%00 HTTP/1.1\r\nHost: localhost\r\n",
        "GET /things%zz HTTP/1.1\r\nHost: localhost\r\n",
        "GET /a%2fb HTTP/1.1\r\nHost: localhost\r\n",
        "GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n",
        "GET /a;b=c/d HTTP/1.1\r\nHost: localhost\r\n",
        "GET //things HTTP/1.1\r\nHost: localhost\r\n",
        "GET /things HTTP/1.1\r\n",
        "GET /things HTTP/1.1\r\nHost: a b\r\n",
        "GET /things HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n",
        "POST /things HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n",
        "POST /things HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: nonsense\r\n",
        "GET /things HTTP/9.9\r\nHost: localhost\r\n",
        "G\"T /things HTTP/1.1\r\nHost: localhost\r\n",
        "GET /things HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\nBad\rName: y\r\n"
      })
  void whatIsNotHttpIsAProblemToo(String head) {
    String answer = client.raw(head + "Connection: close\r\n\r\n");

    assertThat(answer).contains("application/problem+json").doesNotContain("<html");
    assertThat(answer.substring(9, 12)).matches("[45]\\d\\d");
  }

  @Test
  void aQueryThatCannotBeDecodedIsTheCallersFault(CapturedOutput output) {
    String answer =
        client.raw("GET /things?a=%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

    assertThat(answer).startsWith("HTTP/1.1 400").contains("/problems/malformed-request");
    assertThat(output).doesNotContain("GET /things failed");
  }

  @Test
  void aHeaderThatIsTooLongIsAProblem() {
    String answer =
        client.raw(
            "GET /things HTTP/1.1\r\nHost: localhost\r\nX-Long: "
                + "a".repeat(20_000)
                + "\r\nConnection: close\r\n\r\n");

    assertThat(answer).startsWith("HTTP/1.1 400").contains("application/problem+json");
  }

  @Test
  void theErrorPathItselfShowsNothing() {
    problem(client.get("/error"), ProblemType.NOT_FOUND);
  }

  private static JsonNode problem(Reply reply, ProblemType type) {
    assertThat(reply.status()).as(reply.body()).isEqualTo(type.status());
    assertThat(reply.header("Content-Type")).isEqualTo("application/problem+json");
    JsonNode problem = reply.json();
    assertThat(problem.get("type").asString()).isEqualTo(type.uri());
    assertThat(problem.get("title").asString()).isEqualTo(type.title());
    assertThat(problem.get("status").asInt()).isEqualTo(type.status());
    assertThat(problem.get("retryable").asBoolean()).isEqualTo(type.retryable());
    assertThat(problem.get("action").asString()).isEqualTo(type.action());
    assertThat(problem.get("detail").asString()).isNotBlank();
    assertThat(problem.get("traceId").asString()).matches("[0-9a-f]{32}");
    return problem;
  }

  private Reply multipart(String... parts) {
    return client.send(
        client
            .at("/things/uploads")
            .header("Content-Type", "multipart/form-data; boundary=x1y2")
            .POST(HttpRequest.BodyPublishers.ofString(String.join("", parts) + "--x1y2--\r\n")));
  }

  private static String part(String name, String file, String type, String content) {
    return "--x1y2\r\nContent-Disposition: form-data; name=\""
        + name
        + '"'
        + (file == null ? "" : "; filename=\"" + file + '"')
        + (type == null ? "" : "\r\nContent-Type: " + type)
        + "\r\n\r\n"
        + content
        + "\r\n";
  }
}
