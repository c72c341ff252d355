package io.diptych.http.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.http.access.RequestRates.Count;
import io.diptych.job.SettableClock;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RequestRatesTest {

  private static final Tenant ANNA = new Tenant("anna");

  private final SettableClock clock = new SettableClock(Instant.parse("2026-08-02T10:00:00Z"));
  private final RequestRates rates = new RequestRates(new RateLimitProperties(60), clock);

  @Test
  void aBurstUpToTheLimitIsAllowedAndNoMore() {
    for (int i = 0; i < 60; i++) {
      assertThat(rates.count(ANNA).allowed()).isTrue();
    }

    Count refused = rates.count(ANNA);

    assertThat(refused.allowed()).isFalse();
    assertThat(refused.remaining()).isZero();
    assertThat(refused.pause()).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void afterThePauseOneMoreIsAllowed() {
    for (int i = 0; i <= 60; i++) {
      rates.count(ANNA);
    }
    clock.advance(Duration.ofSeconds(1));

    assertThat(rates.count(ANNA).allowed()).isTrue();
    assertThat(rates.count(ANNA).allowed()).isFalse();
  }

  @Test
  void anotherTenantHasItsOwnCount() {
    for (int i = 0; i <= 60; i++) {
      rates.count(ANNA);
    }

    assertThat(rates.count(new Tenant("ben"))).extracting(Count::remaining).isEqualTo(59L);
  }
}
