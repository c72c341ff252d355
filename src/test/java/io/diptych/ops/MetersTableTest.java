package io.diptych.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.artifact.BlobKind;
import io.diptych.database.TestDatabase;
import io.diptych.engine.program.DeviceMemory;
import io.diptych.job.AttemptFailed;
import io.diptych.job.FailureReason;
import io.diptych.job.JobEnded;
import io.diptych.job.JobKind;
import io.diptych.job.JobState;
import io.diptych.job.QueueFixture;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The meters in docs/operations.md against those that exist. */
class MetersTableTest {

  private static final Pattern FAMILY = Pattern.compile("# TYPE ((?:diptych|hw)_\\w+) \\w+");
  private static final Pattern NAME = Pattern.compile("`((?:diptych|hw)_\\w+)`");

  @Test
  void tableListsEveryMeterAndNoOther() throws IOException {
    assertThat(documented()).isEqualTo(existing());
  }

  private static Set<String> existing() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    LaneMeters lanes = new LaneMeters(registry);
    JobKind kind = JobKind.DECOMPOSITION;
    Duration time = Duration.ofSeconds(1);
    lanes.claimedNothing(kind);
    lanes.claimed(kind, 1);
    lanes.forward(kind, 1);
    lanes.started(kind, time);
    lanes.step(kind, time);
    lanes.checkpoint(kind, time, 1);
    lanes.ended(kind, JobState.SUCCEEDED, time);
    lanes.failed(new AttemptFailed(UUID.randomUUID(), kind, FailureReason.STUCK));
    lanes.canceled(kind, time);
    lanes.fenceLost(kind);
    lanes.heartbeatFailed(kind);
    lanes.ended(new JobEnded(UUID.randomUUID(), kind, "tenant", JobState.SUCCEEDED, null));
    new StoreMeters(registry).stored(BlobKind.OUTPUT, 1);
    new DeviceMeters(() -> List.of("gpu0"), gpu -> new DeviceMemory(1, 2)).bindTo(registry);
    try (TestDatabase database = TestDatabase.create()) {
      QueueFixture queue = QueueFixture.over(database, Clock.systemUTC());
      new QueueMeters(queue.queue.jobs(), Clock.systemUTC()).bindTo(registry);
      Set<String> names = new TreeSet<>();
      Matcher family = FAMILY.matcher(registry.scrape());
      while (family.find()) {
        // The longest value of a timer or summary is a family of its own.
        if (!family.group(1).endsWith("_max")) {
          names.add(family.group(1));
        }
      }
      return names;
    }
  }

  private static Set<String> documented() throws IOException {
    Set<String> names = new TreeSet<>();
    for (String line : Files.readAllLines(Path.of("docs/operations.md"))) {
      if (line.startsWith("| `diptych_") || line.startsWith("| `hw_")) {
        Matcher name = NAME.matcher(line.substring(0, line.indexOf('|', 1)));
        while (name.find()) {
          names.add(name.group(1));
        }
      }
    }
    return names;
  }
}
