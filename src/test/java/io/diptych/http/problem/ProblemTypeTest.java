package io.diptych.http.problem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.job.FailureReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class ProblemTypeTest {

  private static final Path DOCUMENT = Path.of("docs", "problems.md");
  private static final String UPDATE = "./mvnw test -Dtest=ProblemTypeTest -Dproblems.update=true";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "invalid-image",
        "image-too-large",
        "unsupported-image-type",
        "unknown-artifact",
        "artifact-not-ready",
        "quota-exceeded",
        "queue-full",
        "rate-limited",
        "idempotency-conflict",
        "idempotency-mismatch",
        "job-final",
        "job-expired",
        "model-unavailable",
        "out-of-memory",
        "numeric-divergence",
        "deadline-exceeded"
      })
  void theCatalogueHasEveryTypeThatWasPromised(String slug) {
    assertThat(ProblemType.ofSlug(slug)).isPresent();
  }

  @ParameterizedTest
  @EnumSource
  void everyTypeIsFoundAgainByItsNames(ProblemType type) {
    assertThat(ProblemType.ofSlug(type.slug())).contains(type);
    assertThat(ProblemType.ofUri(type.uri())).isEqualTo(type);
    assertThat(type.slug()).matches("[a-z]+(-[a-z]+)*");
  }

  @ParameterizedTest
  @EnumSource
  void everyTypeSaysWhatHappenedAndWhatToDo(ProblemType type) {
    assertThat(type.status()).isBetween(400, 599);
    assertThat(type.title()).matches("[A-Z].*[^.]");
    assertThat(type.action()).matches("[A-Z].*\\.");
  }

  @ParameterizedTest
  @EnumSource
  void everyReasonOfAFailedRunIsInTheCatalogue(FailureReason reason) {
    assertThat(ProblemType.ofSlug(reason.code()))
        .hasValueSatisfying(type -> assertThat(type.retryable()).isEqualTo(reason.retryable()));
  }

  @Test
  void statusCodesWithoutATypeOfTheirOwnGetAGeneralOne() {
    assertThat(ProblemType.ofStatus(418)).isEqualTo(ProblemType.MALFORMED_REQUEST);
    assertThat(ProblemType.ofStatus(502)).isEqualTo(ProblemType.INTERNAL);
  }

  @Test
  void anUnknownUriIsNoType() {
    assertThatThrownBy(() -> ProblemType.ofUri("/problems/none"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aStoredTypeThatIsUnknownHereIsShownAsInternal() {
    assertThat(Problem.stored("out-of-memory", "x").type()).isEqualTo(ProblemType.OUT_OF_MEMORY);
    assertThat(Problem.stored("of-the-future", "x").type()).isEqualTo(ProblemType.INTERNAL);
  }

  @Test
  void aProblemSurvivesBeingStored() {
    JsonMapper json = new JsonMapper();
    Problem problem =
        Problem.of(
                ProblemType.VALIDATION,
                "/steps must be at most 100.",
                List.of(FieldError.at("/steps", "must be at most 100")))
            .withJob("J")
            .withTraceId("T");

    String text = json.writeValueAsString(problem);

    assertThat(text)
        .startsWith(
            "{\"type\":\"/problems/validation\",\"title\":\"The request has invalid values\","
                + "\"status\":422,\"detail\":");
    assertThat(json.readValue(text, Problem.class)).isEqualTo(problem);
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 1", "1000, 1", "1001, 2", "59999, 60", "-5, 1"})
  void retryAfterIsRoundedUpAndNeverZero(long millis, String seconds) {
    assertThat(RetryAfter.seconds(Duration.ofMillis(millis))).isEqualTo(seconds);
  }

  @ParameterizedTest
  @CsvSource({
    "name, /name",
    "guidance.scale, /guidance/scale",
    "labels[0].key, /labels/0/key",
    "labels[a/b~c], /labels/a~1b~0c",
    "'', ''"
  })
  void propertyPathsBecomePointers(String path, String pointer) {
    assertThat(JsonPointers.ofPropertyPath(path)).isEqualTo(pointer);
  }

  @Test
  void theDocumentShowsTheCatalogue() throws IOException {
    String expected = document();
    if (Boolean.getBoolean("problems.update")) {
      Files.writeString(DOCUMENT, expected);
    }
    assertThat(DOCUMENT).as("Update it with: " + UPDATE).hasContent(expected);
  }

  private static String document() {
    String rows =
        Arrays.stream(ProblemType.values())
            .map(
                type ->
                    "| `%s` | %d | %s | %s | %s |"
                        .formatted(
                            type.slug(),
                            type.status(),
                            type.retryable() ? "yes" : "no",
                            type.title(),
                            type.action()))
            .collect(Collectors.joining("\n"));
    return """
        # Problems

        Every answer that is no success has a body of type `application/problem+json` (RFC 9457). The
        `error` of a failed job, as reading it shows, has the same form. `GET /problems` gives this table,
        and each `type` is the address of its row.

        | member | meaning |
        |---|---|
        | `type` | `/problems/` and the name of a row below; branch on this |
        | `title` | what happened, the same for every occurrence |
        | `status` | the HTTP status code |
        | `detail` | what happened this time |
        | `retryable` | whether the same request may succeed later without being changed |
        | `action` | what you can do |
        | `errors` | the values that are wrong; each has a `detail` and one of `pointer` (JSON pointer into \
        the body or the JSON part), `parameter` (query parameter or part), `header` |
        | `jobId` | the job concerned |
        | `traceId` | under which the service's logs tell more; tell it to the operator |

        `Retry-After` (in seconds) comes with answers that know when to try again. Titles, details and
        actions may be reworded at any time; types, statuses and the members may not. This table is made
        from the code: `%s`.

        | name | status | retryable | title | what you can do |
        |---|---|---|---|---|
        %s
        """
        .formatted(UPDATE, rows);
  }
}
