package io.diptych.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.database.EmbeddedServer;
import io.diptych.database.TestDatabase;
import io.diptych.engine.RunStoppedException;
import io.diptych.engine.StepReport;
import io.diptych.job.ClaimedJob;
import io.diptych.job.Job;
import io.diptych.job.JobKind;
import io.diptych.job.JobState;
import io.diptych.job.Jobs;
import io.diptych.job.LaneCapacity;
import io.diptych.job.QueueFixture;
import io.diptych.job.Submission;
import io.diptych.worker.JobProgress;
import io.diptych.worker.JobResult;
import io.diptych.worker.JobRunner;
import io.diptych.worker.Worker;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Import;
import tools.jackson.databind.JsonNode;

/** Queue, lanes and operations as a service, without features and models. */
class ServiceTest {

  private static final AtomicBoolean MODEL_LOADED = new AtomicBoolean(true);
  private final HttpClient http = HttpClient.newHttpClient();

  @TempDir static Path store;

  @Test
  void aRestartKeepsTheJobsOfTheEmbeddedDatabase(@TempDir Path directory) throws Exception {
    List<String> embedded =
        List.of(
            "--diptych.data-directory=" + directory,
            "--diptych.database.binaries=" + TestDatabase.binaries(),
            "--server.port=0");
    Job job;
    try (ConfigurableApplicationContext service = start(embedded)) {
      Jobs jobs = service.getBean(Jobs.class);
      job = jobs.submit(Submission.of(JobKind.DECOMPOSITION, "alice", request()).build());
      await().until(() -> read(jobs, job).state() == JobState.SUCCEEDED);
    }
    try (ConfigurableApplicationContext service = start(embedded)) {
      assertThat(read(service.getBean(Jobs.class), job).result().get("done").asBoolean()).isTrue();
    }
  }

  @Test
  void anApiProcessTakesJobsInAndRunsNone() throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      Job job;
      try (ConfigurableApplicationContext api = start(on(database, "api"))) {
        assertThat(api.getBeansOfType(Worker.class)).isEmpty();
        assertThat(api.getBeansOfType(Housekeeper.class)).isEmpty();
        assertThat(get(api, "/actuator/health/readiness").statusCode()).isEqualTo(200);
        Jobs jobs = api.getBean(Jobs.class);
        job = jobs.submit(Submission.of(JobKind.DECOMPOSITION, "alice", request()).build());
        assertThat(read(jobs, job).state()).isEqualTo(JobState.QUEUED);
      }
      try (ConfigurableApplicationContext worker = start(on(database, "worker"))) {
        Jobs jobs = worker.getBean(Jobs.class);
        await().until(() -> read(jobs, job).state() == JobState.SUCCEEDED);
      }
    }
  }

  @Test
  void healthAndMetersShowQueueAndLanes() throws Exception {
    try (TestDatabase database = TestDatabase.create();
        ConfigurableApplicationContext service = start(on(database, "all"))) {
      assertThat(get(service, "/actuator/health/readiness").statusCode()).isEqualTo(200);
      MODEL_LOADED.set(false);
      try {
        assertThat(get(service, "/actuator/health/readiness").statusCode()).isEqualTo(503);
        assertThat(get(service, "/actuator/health/liveness").statusCode()).isEqualTo(200);
      } finally {
        MODEL_LOADED.set(true);
      }

      Jobs jobs = service.getBean(Jobs.class);
      Job job = jobs.submit(Submission.of(JobKind.DECOMPOSITION, "alice", request()).build());
      await().until(() -> read(jobs, job).state() == JobState.SUCCEEDED);
      service.getBean(BlobStore.class).put(job.id(), BlobKind.CONCEPT, new byte[] {1, 2, 3, 4});

      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () ->
                  assertThat(get(service, "/actuator/prometheus").body())
                      .contains(
                          "diptych_queue_depth{kind=\"decomposition\"} 0",
                          "diptych_queue_oldest_age_seconds{kind=\"generation\"}",
                          "diptych_queue_running{kind=",
                          "diptych_jobs_ended_total{kind=\"decomposition\",reason=\"none\",state=\"succeeded\"} 1",
                          "diptych_job_wait_seconds_count{kind=\"decomposition\"} 1",
                          "diptych_job_run_seconds_count{kind=\"decomposition\",state=\"succeeded\"} 1",
                          "diptych_job_step_seconds_count{kind=\"decomposition\"} 30",
                          "diptych_batch_size_count{kind=\"decomposition\"} 1",
                          "diptych_claims_total{kind=\"decomposition\",result=\"taken\"} 1",
                          "diptych_claims_total{kind=\"decomposition\",result=\"empty\"} 1",
                          "diptych_checkpoint_seconds_count{kind=\"decomposition\"} 1",
                          "diptych_checkpoint_size_bytes_sum{kind=\"decomposition\"} 3",
                          "diptych_artifact_size_bytes_sum{content=\"concept\"} 4",
                          "diptych_fence_rejections_total{kind=\"decomposition\"} 0")
                      .as("no GPU, no meter of one")
                      .doesNotContain("hw_gpu"));
    }
  }

  @Test
  void withoutTheDatabaseAProcessIsAliveAndNotReady(@TempDir Path directory) throws Exception {
    EmbeddedServer server = TestDatabase.embedded(directory, 0);
    try (ConfigurableApplicationContext service =
        start(
            List.of(
                "--spring.datasource.url=" + server.url(),
                "--spring.datasource.username=" + server.username(),
                "--spring.datasource.password=" + server.password(),
                "--spring.datasource.hikari.connection-timeout=500",
                "--diptych.role=api",
                "--server.port=0"))) {
      assertThat(get(service, "/actuator/health/readiness").statusCode()).isEqualTo(200);

      server.close();

      HttpResponse<String> readiness = get(service, "/actuator/health/readiness");
      assertThat(readiness.statusCode()).isEqualTo(503);
      assertThat(
              QueueFixture.JSON.readTree(readiness.body()).at("/components/db/status").asString())
          .isEqualTo("DOWN");
      assertThat(get(service, "/actuator/health/liveness").statusCode()).isEqualTo(200);
    } finally {
      server.close();
    }
  }

  @Test
  void housekeepingRefusesATableThatHoldsTasksOfSomeoneElse() {
    try (TestDatabase database = TestDatabase.create()) {
      QueueFixture.over(database, Clock.systemUTC())
          .sql
          .sql(
              """
              insert into housekeeping_task
                  (task_name, task_instance, execution_time, picked, version)
              values ('send-invoice', '1', now(), false, 1)
              """)
          .update();
      Housekeeper housekeeper =
          new Housekeeper(database.dataSource(), List.of(), Clock.systemUTC());
      assertThatThrownBy(housekeeper::start)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("Table housekeeping_task holds tasks that are not ours");
    }
  }

  private static List<String> on(TestDatabase database, String role) {
    return List.of(
        "--spring.datasource.url=" + database.url(),
        "--spring.datasource.username=" + database.user(),
        "--spring.datasource.password=" + database.password(),
        "--diptych.role=" + role,
        "--server.port=0");
  }

  private static ConfigurableApplicationContext start(List<String> arguments) {
    List<String> all = new ArrayList<>(arguments);
    all.add("--spring.main.banner-mode=off");
    all.add("--diptych.store.directory=" + store);
    all.add("--spring.datasource.hikari.minimum-idle=0");
    return new SpringApplicationBuilder(Application.class).run(all.toArray(String[]::new));
  }

  private HttpResponse<String> get(ConfigurableApplicationContext service, String path)
      throws IOException, InterruptedException {
    String port = service.getEnvironment().getProperty("local.server.port");
    return http.send(
        HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static Job read(Jobs jobs, Job job) {
    return jobs.find(job.tenant(), job.id()).orElseThrow();
  }

  private static JsonNode request() {
    return QueueFixture.request("fox");
  }

  private static ConditionFactory await() {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(20));
  }

  /** No configuration by annotation, or tests of the whole service would find it. */
  @EnableAutoConfiguration
  @ComponentScan({
    "io.diptych.artifact",
    "io.diptych.database",
    "io.diptych.http",
    "io.diptych.job",
    "io.diptych.ops",
    "io.diptych.worker"
  })
  @Import(CountingRunner.class)
  static class Application {

    @Bean
    Clock clock() {
      return Clock.systemUTC();
    }
  }

  /** Counts to thirty. */
  static final class CountingRunner implements JobRunner {

    @Override
    public JobKind kind() {
      return JobKind.DECOMPOSITION;
    }

    @Override
    public LaneCapacity capacity(String device) {
      return MODEL_LOADED.get() ? LaneCapacity.UNLIMITED : LaneCapacity.UNABLE;
    }

    @Override
    public JobResult run(ClaimedJob job, JobProgress progress) {
      for (int step = 1; step <= 30; step++) {
        StepReport report = new StepReport(step, 30, StepReport.Kind.JOINT, 1, List.of(), 0.1);
        switch (progress.control().afterStep(report)) {
          case CONTINUE -> {}
          case CHECKPOINT -> progress.control().checkpoint(step, new byte[] {1, 2, 3});
          case STOP, CHECKPOINT_AND_STOP -> throw new RunStoppedException(step);
        }
      }
      return JobResult.of(QueueFixture.JSON.valueToTree(Map.of("done", true)));
    }
  }
}
