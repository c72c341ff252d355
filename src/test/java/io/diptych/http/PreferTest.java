package io.diptych.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreferTest {

  private static final Duration CAP = Duration.ofSeconds(60);
  private static final Duration ROUTE_DEFAULT = Duration.ofSeconds(30);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "wait=10|10|wait=10",
        "wait=\"10\"|10|wait=10",
        "WAIT = 10|10|wait=10",
        "wait=0|0|wait=0",
        "wait=61|60|wait=60",
        "wait=999999999|60|wait=60",
        "wait=10, wait=20|10|wait=10",
        "wait=10; strict=yes|10|wait=10",
        "respond-async|0|respond-async",
        "respond-async, wait=5|5|respond-async, wait=5",
        "return=minimal|30|",
        "wait=-1|30|",
        "wait=soon|30|",
        "wait|30|",
        "wait=99999999999999999999|30|",
        ",;=,|30|"
      })
  void readsWhatItKnowsAndIgnoresTheRest(String header, long seconds, String applied) {
    Prefer prefer = parse(header);

    assertThat(prefer.waitOr(ROUTE_DEFAULT)).isEqualTo(Duration.ofSeconds(seconds));
    assertThat(prefer.applied().orElse(null)).isEqualTo(applied);
  }

  @Test
  void readsPreferencesFromSeveralHeaders() {
    Prefer prefer = parse("respond-async", "wait=3");

    assertThat(prefer.applied()).contains("respond-async, wait=3");
  }

  @Test
  void withoutAHeaderTheRouteDecides() {
    assertThat(parse().waitOr(ROUTE_DEFAULT)).isEqualTo(ROUTE_DEFAULT);
  }

  @Test
  void theCapHoldsForTheRoutesDefaultToo() {
    assertThat(parse().waitOr(CAP.plusSeconds(1))).isEqualTo(CAP);
  }

  private static Prefer parse(String... headers) {
    return Prefer.parse(Collections.enumeration(List.of(headers)), CAP);
  }
}
