package io.diptych.http.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.io.support.SpringFactoriesLoader;

class NobodyCanAuthenticateTest {

  @Test
  void theOperatorIsToldEveryWayIn() {
    FailureAnalysis analysis =
        SpringFactoriesLoader.forDefaultResourceLocation()
            .load(FailureAnalyzer.class, (type, name, failure) -> {})
            .stream()
            .filter(NobodyCanAuthenticateAnalyzer.class::isInstance)
            .map(
                analyzer ->
                    analyzer.analyze(
                        new IllegalStateException(new NobodyCanAuthenticateException())))
            .findFirst()
            .orElseThrow();

    assertThat(analysis.getDescription()).contains("can be reached from other machines");
    assertThat(analysis.getAction())
        .contains("DIPTYCH_SECURITY_ADMINKEY")
        .contains("openssl rand -base64 33")
        .contains("SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_ISSUERURI")
        .contains("SERVER_ADDRESS=127.0.0.1");
  }
}
