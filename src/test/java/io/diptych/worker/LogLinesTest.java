package io.diptych.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.diptych.database.TestDatabase;
import io.diptych.engine.EngineException;
import io.diptych.job.Job;
import io.diptych.job.JobKind;
import io.diptych.job.JobState;
import io.diptych.job.QueueFixture;
import io.diptych.job.SettableClock;
import io.diptych.job.Submission;
import io.diptych.job.ticket.Ticket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.logging.logback.StructuredLogEncoder;
import org.springframework.core.env.Environment;
import org.springframework.core.io.ClassPathResource;
import org.springframework.mock.env.MockEnvironment;
import tools.jackson.databind.JsonNode;

/** What the lines of the log carry while a lane, which is the thread of the test, runs jobs. */
class LogLinesTest {

  private static final Logger log = (Logger) LoggerFactory.getLogger(LogLinesTest.class);
  private static final String TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";

  private final Lines lines = new Lines();
  private TestDatabase database;
  private QueueFixture queue;

  @BeforeEach
  void listen() {
    database = TestDatabase.create();
    // Its clock stands: the wait before a repeat does not pass by itself.
    queue = QueueFixture.over(database, new SettableClock(Instant.now()));
    Logger worker = workerLogger();
    lines.setContext(worker.getLoggerContext());
    lines.start();
    worker.setLevel(Level.INFO);
    worker.setAdditive(false);
    worker.addAppender(lines);
  }

  @AfterEach
  void stopListening() {
    Logger worker = workerLogger();
    worker.detachAppender(lines);
    worker.setAdditive(true);
    worker.setLevel(null);
    database.close();
  }

  private static Logger workerLogger() {
    return (Logger) LoggerFactory.getLogger("io.diptych.worker");
  }

  @Test
  void everyLineOfADecompositionSaysWhoseRunItIs() {
    Job job = submit(JobKind.DECOMPOSITION, "alice", "fox");

    work(JobKind.DECOMPOSITION);

    assertThat(queue.read(job).state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(lines.messages())
        .containsExactly("Begins to run the job.", "computes fox", "The job is SUCCEEDED.");
    assertThat(lines.all).allSatisfy(line -> assertFields(line, "cpu-decomposition", "1", job));
  }

  @Test
  void linesOfABatchNameAllItsJobsAndThoseOfItsEndsOneEach() {
    Job first = submit(JobKind.GENERATION, "alice", "cat");
    Job second = submit(JobKind.GENERATION, "bob", "dog");

    work(JobKind.GENERATION);

    assertThat(lines.messages())
        .containsExactly(
            "Begins to run a batch of jobs.",
            "computes 2 at once",
            "The job is SUCCEEDED.",
            "The job is SUCCEEDED.");
    assertThat(lines.all.subList(0, 2))
        .allSatisfy(line -> assertFields(line, "cpu-generation", "1", first, second));
    assertFields(lines.all.get(2), "cpu-generation", "1", first);
    assertFields(lines.all.get(3), "cpu-generation", "1", second);
  }

  @Test
  void aRepeatSaysThatItIsOne() {
    Job job = submit(JobKind.DECOMPOSITION, "alice", "fails once");

    work(JobKind.DECOMPOSITION);
    queue.sql.sql("update job set not_before = null").update();
    lines.all.clear();
    work(JobKind.DECOMPOSITION);

    assertThat(lines.messages()).contains("computes fails once");
    assertThat(lines.all).allSatisfy(line -> assertFields(line, "cpu-decomposition", "2", job));
  }

  @ParameterizedTest
  @ValueSource(strings = {"fox", "fails once", "fails for good"})
  void nothingOfAJobStaysWithItsThreadHoweverItEnded(String name) {
    submit(JobKind.DECOMPOSITION, "alice", name);
    List<Map<String, String>> between = new CopyOnWriteArrayList<>();
    LaneListener listener =
        new LaneListener() {
          @Override
          public void claimedNothing(JobKind kind) {
            between.add(fields());
          }
        };

    work(JobKind.DECOMPOSITION, listener);

    assertThat(lines.messages()).contains("computes " + name);
    assertThat(between)
        .as("after the job, in the lane")
        .containsExactly(Map.of("lane", "cpu-decomposition"));
    assertThat(fields()).as("after the lane").isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ecs", "logstash", "gelf"})
  void structuredLinesHaveTheFieldsAsMembers(String format) {
    Job decomposition = submit(JobKind.DECOMPOSITION, "alice", "fox");
    work(JobKind.DECOMPOSITION);
    Job generation = submit(JobKind.GENERATION, "bob", "cat");
    work(JobKind.GENERATION);

    assertMembers(format, "computes fox", "cpu-decomposition", decomposition);
    assertMembers(format, "computes 1 at once", "cpu-generation", generation);
  }

  private void assertMembers(String format, String message, String lane, Job job) {
    JsonNode line = QueueFixture.JSON.readTree(structured(format, lines.of(message)));
    // GELF marks what is not its own.
    String mark = format.equals("gelf") ? "_" : "";
    assertThat(line.path(mark + "job").asString()).isEqualTo(job.id().toString());
    assertThat(line.path(mark + "tenant").asString()).isEqualTo(job.tenant());
    assertThat(line.path(mark + "attempt").asString()).isEqualTo("1");
    assertThat(line.path(mark + "lane").asString()).isEqualTo(lane);
    assertThat(line.path(mark + "fence").asString()).isEqualTo("1");
    assertThat(line.path(mark + "traceId").asString()).isEqualTo(TRACE_ID);
  }

  @Test
  void linesForPeopleHaveTheFieldsInFront() throws IOException {
    Job job = submit(JobKind.DECOMPOSITION, "alice", "fox");

    work(JobKind.DECOMPOSITION);

    assertThat(plain(lines.of("computes fox")))
        .isEqualTo(
            "[trace=%s lane=cpu-decomposition job=%s tenant=alice attempt=1 fence=1] computes fox"
                .formatted(TRACE_ID, job.id()));
    lines.all.clear();
    log.info("between jobs");
    assertThat(plain(lines.of("between jobs"))).isEqualTo("between jobs");
  }

  private Job submit(JobKind kind, String tenant, String name) {
    return queue
        .queue
        .jobs()
        .submit(
            Submission.of(kind, tenant, QueueFixture.request(name))
                .batchKey("any")
                .traceparent("00-" + TRACE_ID + "-00f067aa0ba902b7-01")
                .build());
  }

  private void work(JobKind kind) {
    work(kind, LaneListener.NONE);
  }

  /** Runs what is queued of a kind, on the calling thread. */
  private void work(JobKind kind, LaneListener listener) {
    JobRunner decomposition =
        new FakeDecomposition(
            1,
            (job, step) -> {
              String name = QueueFixture.name(job);
              log.info("computes {}", name);
              if (name.startsWith("fails") && (job.attempt() == 1 || name.endsWith("good"))) {
                throw new EngineException(
                    name.endsWith("good")
                        ? EngineException.Kind.NUMERIC_DIVERGENCE
                        : EngineException.Kind.DEVICE_FAILURE,
                    "as asked");
              }
            });
    BatchRunner generation =
        new FakeGeneration(batch -> log.info("computes {} at once", batch.size()));
    WorkerSettings settings = WorkerFixture.settings("logging");
    LaneWork lane =
        new LaneWork(
            queue.queue,
            new Runners(List.of(decomposition), List.of(generation)),
            new LanePool(Lane.on(settings.devices()), paused -> {}, resumed -> {}),
            new Runs(),
            settings,
            Clock.systemUTC(),
            listener,
            reason -> log.error("would exit: {}", reason));
    lane.run(kind, new Ticket(UUID.randomUUID(), 1, new FirmLease()));
  }

  private static void assertFields(ILoggingEvent line, String lane, String attempt, Job... jobs) {
    assertThat(line.getMDCPropertyMap())
        .as(line.getFormattedMessage())
        .contains(
            entry("lane", lane),
            entry("job", joined(Stream.of(jobs).map(job -> job.id().toString()))),
            entry("tenant", joined(Stream.of(jobs).map(Job::tenant))),
            entry("attempt", attempt),
            entry("fence", attempt),
            entry("traceId", TRACE_ID));
  }

  private static String joined(Stream<String> values) {
    return String.join(",", values.toList());
  }

  private static Map<String, String> fields() {
    Map<String, String> fields = MDC.getCopyOfContextMap();
    return fields == null ? Map.of() : fields;
  }

  /** A line as the service writes it where {@code logging.structured.format.console} is set. */
  private static String structured(String format, ILoggingEvent line) {
    LoggerContext context = new LoggerContext();
    context.putObject(Environment.class.getName(), new MockEnvironment());
    StructuredLogEncoder encoder = new StructuredLogEncoder();
    encoder.setContext(context);
    encoder.setFormat(format);
    encoder.setCharset(StandardCharsets.UTF_8);
    encoder.start();
    return new String(encoder.encode(line), StandardCharsets.UTF_8);
  }

  /** The part of a line that application.yaml is responsible for, and the message. */
  private static String plain(ILoggingEvent line) throws IOException {
    Object correlation =
        new YamlPropertySourceLoader()
            .load("application", new ClassPathResource("application.yaml")).stream()
                .map(source -> source.getProperty("logging.pattern.correlation"))
                .findFirst()
                .orElseThrow();
    PatternLayout layout = new PatternLayout();
    layout.setContext(new LoggerContext());
    layout.setPattern(correlation + "%m");
    layout.start();
    return layout.doLayout(line);
  }

  private static final class Lines extends AppenderBase<ILoggingEvent> {
    final List<ILoggingEvent> all = new CopyOnWriteArrayList<>();

    @Override
    protected void append(ILoggingEvent line) {
      line.prepareForDeferredProcessing();
      all.add(line);
    }

    List<String> messages() {
      return all.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    ILoggingEvent of(String message) {
      return all.stream()
          .filter(line -> line.getFormattedMessage().equals(message))
          .findFirst()
          .orElseThrow(() -> new AssertionError(message + " is not in " + messages()));
    }
  }
}
