package io.diptych.http.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.http.Client;
import io.diptych.http.HttpTest;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;

@HttpTest
class OperationDocumentTest {

  @LocalServerPort private int port;
  private JsonNode document;

  @BeforeEach
  void read() {
    document = new Client(port).get("/openapi").json();
  }

  @Test
  void aPostWithAnIdempotencyKeyDocumentsIt() {
    JsonNode post = document.at("/paths/~1things/post");

    assertThat(post.get("parameters").findValuesAsString("name"))
        .containsExactly("Idempotency-Key");
    assertThat(post.at("/responses/409/$ref").asString())
        .isEqualTo("#/components/responses/idempotency-conflict");
    assertThat(post.at("/responses/422/description").asString())
        .contains("/problems/idempotency-mismatch", "/problems/validation");
  }

  @Test
  void problemsOfTheHandlersOwnAreDocumented() {
    assertThat(document.at("/paths/~1things/post/responses/429/description").asString())
        .contains("/problems/queue-full", "/problems/rate-limited");
  }

  @Test
  void aPreferenceIsDocumentedWithItsEcho() {
    JsonNode post = document.at("/paths/~1things~1made/post");

    assertThat(post.get("parameters").findValuesAsString("name")).contains("Prefer");
    assertThat(post.at("/responses/200/headers").has("Preference-Applied")).isTrue();
  }

  @Test
  void aPagedListDocumentsItsParametersAndItsLink() {
    JsonNode get = document.at("/paths/~1things/get");

    assertThat(get.get("parameters").findValuesAsString("name"))
        .containsExactlyInAnyOrder("name", "limit", "cursor");
    assertThat(get.at("/responses/200/headers").has("Link")).isTrue();
  }

  @Test
  void aConditionalReadDocumentsItsTagAndThatNothingHasChanged() {
    JsonNode responses = document.at("/paths/~1things~1{id}/get/responses");

    assertThat(responses.at("/200/headers").has("ETag")).isTrue();
    assertThat(responses.at("/200/content").findValuesAsString("$ref")).hasSize(1);
    assertThat(responses.has("304")).isTrue();
    assertThat(responses.has("206")).isFalse();
  }

  @Test
  void aFileDocumentsItsParts() {
    JsonNode responses = document.at("/paths/~1things~1{id}~1download/get/responses");

    assertThat(responses.at("/200/headers").has("ETag")).isTrue();
    assertThat(responses.at("/200/content/application~1octet-stream/schema/format").asString())
        .isEqualTo("binary");
    assertThat(responses.has("206")).isTrue();
    assertThat(responses.has("304")).isTrue();
    assertThat(responses.at("/416/$ref").asString()).endsWith("/range-not-satisfiable");
  }

  @Test
  void anEventStreamIsText() {
    JsonNode responses = document.at("/paths/~1things~1{id}~1events/get/responses");

    assertThat(responses.at("/200/content").findValuesAsString("type")).containsExactly("string");
    assertThat(responses.has("204")).isTrue();
    assertThat(responses.get("204").has("content")).isFalse();
  }

  @Test
  void theScopeIsPartOfTheSecurityRequirement() {
    JsonNode security = document.at("/paths/~1things/post/security");

    assertThat(security.toString())
        .isEqualTo("[{\"apiKey\":[\"decompose:write\"]},{\"bearer\":[\"decompose:write\"]}]");
  }

  @Test
  void anOpenRouteRequiresNothing() {
    assertThat(document.at("/paths/~1problems/get").has("security")).isFalse();
  }

  @Test
  void everyReferenceLeadsSomewhere() {
    List<String> references = document.findValuesAsString("$ref");

    assertThat(references).isNotEmpty();
    assertThat(references)
        .allSatisfy(
            reference -> assertThat(document.at(reference.substring(1)).isMissingNode()).isFalse());
  }

  @Test
  void membersThatAreNeverNullAreRequired() {
    assertThat(document.at("/components/schemas/Problem/required").toString())
        .contains("\"type\"", "\"title\"", "\"status\"", "\"detail\"")
        .doesNotContain("jobId")
        .doesNotContain("errors");
  }

  @Test
  void descriptionsAreNotJavadoc() {
    assertThat(document.toString()).doesNotContain("{@").doesNotContain("<code>");
    assertThat(
            PlainText.of("One {@link ProblemType ProblemType},\n <code>error</code> or {@code x}."))
        .isEqualTo("One `ProblemType`, `error` or `x`.");
  }
}
