package io.diptych.http.trace;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class TraceContextTest {

  private static final String EXAMPLE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  @Test
  void aTraceparentSurvivesReadingAndWriting() {
    assertThat(TraceContext.parse(EXAMPLE)).map(TraceContext::traceparent).contains(EXAMPLE);
  }

  @Test
  void aNewTraceIsAValidOne() {
    TraceContext trace = TraceContext.begin();

    assertThat(TraceContext.parse(trace.traceparent())).contains(trace);
    assertThat(TraceContext.begin()).isNotEqualTo(trace);
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {
        "",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"
      })
  void whatIsNoTraceparentIsIgnored(String header) {
    assertThat(TraceContext.parse(header)).isEmpty();
  }
}
