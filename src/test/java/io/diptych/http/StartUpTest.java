package io.diptych.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import samples.SampleRoutes;

@ExtendWith(OutputCaptureExtension.class)
class StartUpTest {

  @Test
  void aServiceThatNobodyCouldUseDoesNotStart(CapturedOutput output) {
    assertThatThrownBy(() -> start("--server.address=0.0.0.0", HttpTestApplication.class))
        .hasMessageContaining("there is no API key, no admin key and no issuer of tokens");

    assertThat(output)
        .contains("APPLICATION FAILED TO START")
        .contains("DIPTYCH_SECURITY_ADMINKEY")
        .contains("openssl rand -base64 33");
  }

  @Test
  void aKeyInTheDatabaseIsEnoughToStart() {
    try (ConfigurableApplicationContext context =
        start("--server.address=0.0.0.0", HttpTestApplication.class, SampleRoutes.KeyMaker.class)) {
      assertThat(context.isRunning()).isTrue();
    }
  }

  @Test
  void anOpenServiceSaysSo(CapturedOutput output) {
    new SpringApplicationBuilder(HttpTestApplication.class)
        .run("--server.port=0", "--server.address=0.0.0.0", "--diptych.security.authentication=off")
        .close();

    assertThat(output).contains("whoever reaches its port may do everything");
  }

  @Test
  void aWorkerStartsWithoutCredentialsAndServesNoApi() {
    try (ConfigurableApplicationContext context =
        new SpringApplicationBuilder(HttpTestApplication.class)
            .run("--server.port=0", "--server.address=0.0.0.0", "--diptych.role=worker")) {
      int port = context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
      Client client = new Client(port);

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

  private static ConfigurableApplicationContext start(String address, Class<?>... sources) {
    return new SpringApplicationBuilder(sources).run("--server.port=0", address);
  }
}
