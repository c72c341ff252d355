package io.diptych.generation;

import io.diptych.Diptych;
import io.diptych.database.TestDatabase;
import io.diptych.http.Client;
import io.diptych.http.Client.Reply;
import io.diptych.http.access.ApiKeys;
import io.diptych.http.access.Scope;
import io.diptych.http.access.Tenant;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The whole service on a database of its own, with a key for one tenant. */
final class RunningService implements AutoCloseable {

  final ConfigurableApplicationContext context;
  final Client client;
  final String alice;

  private RunningService(ConfigurableApplicationContext context) {
    this.context = context;
    this.client =
        new Client(
            Integer.parseInt(context.getEnvironment().getProperty("local.server.port", "0")));
    ApiKeys keys = context.getBean(ApiKeys.class);
    this.alice =
        keys.create(new Tenant("alice"), "test", EnumSet.allOf(Scope.class), null).secret();
  }

  static RunningService start(
      TestDatabase database, Path directory, Path model, String... properties) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--spring.datasource.url=" + database.url(),
                "--spring.datasource.username=" + database.user(),
                "--spring.datasource.password=" + database.password(),
                "--spring.datasource.hikari.minimum-idle=0",
                "--spring.datasource.hikari.connection-timeout=60000",
                "--spring.main.banner-mode=off",
                "--server.port=0",
                "--diptych.store.directory=" + directory.resolve("store"),
                "--diptych.model.cache=" + directory.resolve("cache"),
                "--diptych.model.locations.pocket=" + model,
                "--diptych.security.authentication=REQUIRED",
                "--diptych.security.admin-key=an-admin-key-of-more-than-32-characters",
                "--diptych.http.rate-limit.requests-per-minute=0"));
    all.addAll(Arrays.asList(properties));
    return new RunningService(
        new SpringApplicationBuilder(Diptych.class, LearnedConcepts.class)
            .run(all.toArray(String[]::new)));
  }

  static ConditionFactory await() {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(50));
  }

  RunningService ready() {
    await().until(() -> client.get("/actuator/health/readiness").status() == 200);
    return this;
  }

  Reply generate(String json, String... headers) {
    return client.post("/generate", json, with(alice, headers));
  }

  Reply get(String path, String... headers) {
    return client.get(path, with(alice, headers));
  }

  Reply post(String path, String... headers) {
    return client.post(path, "{}", with(alice, headers));
  }

  Reply delete(String path) {
    return client.send(client.at(path).header("X-API-Key", alice).DELETE());
  }

  byte[] bytes(String path) {
    try {
      return client
          .http()
          .send(
              client.at(path).header("X-API-Key", alice).build(),
              HttpResponse.BodyHandlers.ofByteArray())
          .body();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  String awaitState(String path, String state) {
    await().until(() -> get(path).json().path("state").asString().equals(state));
    return path;
  }

  static String[] with(String key, String... headers) {
    List<String> all = new ArrayList<>(List.of("X-API-Key", key));
    all.addAll(Arrays.asList(headers));
    return all.toArray(String[]::new);
  }

  @Override
  public void close() {
    context.close();
  }
}
