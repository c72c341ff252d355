package io.diptych.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import samples.SampleRoutes;

class StartUpTest {

  @Test
  void aServiceThatNobodyCouldUseDoesNotStart() {
    assertThatThrownBy(() -> start("--server.address=0.0.0.0", HttpTestApplication.class))
        .hasMessageContaining("there is no API key, no admin key and no issuer of tokens");
  }

  @Test
  void aKeyInTheDatabaseIsEnoughToStart() {
    try (ConfigurableApplicationContext context =
        start("--server.address=0.0.0.0", HttpTestApplication.class, SampleRoutes.KeyMaker.class)) {
      assertThat(context.isRunning()).isTrue();
    }
  }

  @Test
  void aServiceThatIsOpenOnPurposeStarts() {
    try (ConfigurableApplicationContext context =
        new SpringApplicationBuilder(HttpTestApplication.class)
            .run(
                "--server.port=0",
                "--server.address=0.0.0.0",
                "--diptych.security.authentication=off")) {
      assertThat(client(context).get("/things").status()).isEqualTo(200);
    }
  }

  @Test
  void aWorkerStartsWithoutCredentialsAndServesNoApi() {
    try (ConfigurableApplicationContext context =
        new SpringApplicationBuilder(HttpTestApplication.class)
            .run("--server.port=0", "--server.address=0.0.0.0", "--diptych.role=worker")) {
      Client client = client(context);

      assertThat(client.get("/actuator/health/liveness").status()).isEqualTo(200);
      assertThat(client.get("/problems").status()).isEqualTo(404);
    }
  }

  @Test
  void aHandlerThatNamesNoScopeDoesNotStart() {
    assertThatThrownBy(
            () ->
                start(
                    "--server.address=127.0.0.1",
                    HttpTestApplication.class,
                    SampleRoutes.Careless.class))
        .hasMessageContaining("Careless#everything");
  }

  private static Client client(ConfigurableApplicationContext context) {
    return new Client(
        context.getEnvironment().getRequiredProperty("local.server.port", Integer.class));
  }

  private static ConfigurableApplicationContext start(String address, Class<?>... sources) {
    return new SpringApplicationBuilder(sources).run("--server.port=0", address);
  }
}
