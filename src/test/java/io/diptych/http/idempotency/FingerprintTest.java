package io.diptych.http.idempotency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.http.problem.ProblemException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FingerprintTest {

  record Request(String word, Map<String, String> labels) {}

  @Test
  void theOrderOfLabelsDoesNotMatter() {
    Map<String, String> one = new LinkedHashMap<>();
    one.put("a", "1");
    one.put("b", "2");
    Map<String, String> other = new LinkedHashMap<>();
    other.put("b", "2");
    other.put("a", "1");

    assertThat(Fingerprint.of(new Request("cat", one)))
        .isEqualTo(Fingerprint.of(new Request("cat", other)));
  }

  @Test
  void anotherWordIsAnotherRequest() {
    assertThat(Fingerprint.of(new Request("cat", Map.of())))
        .isNotEqualTo(Fingerprint.of(new Request("dog", Map.of())));
  }

  @Test
  void anotherUploadIsAnotherRequest() {
    Request request = new Request("cat", Map.of());

    assertThat(Fingerprint.of(request, "aa")).isNotEqualTo(Fingerprint.of(request, "ab"));
    assertThat(Fingerprint.of(request, "aa", "b")).isNotEqualTo(Fingerprint.of(request, "a", "ab"));
  }

  @Test
  void quotationMarksAreNoPartOfAKey() {
    assertThat(IdempotencyKey.parse(" \"8e03978e\" ")).isEqualTo(IdempotencyKey.parse("8e03978e"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\"\"", "a b", "schlüssel", "\u0001"})
  void unfitKeysAreRefused(String header) {
    assertThatThrownBy(() -> IdempotencyKey.parse(header)).isInstanceOf(ProblemException.class);
    assertThatThrownBy(() -> IdempotencyKey.parse("a".repeat(256)))
        .isInstanceOf(ProblemException.class);
  }
}
