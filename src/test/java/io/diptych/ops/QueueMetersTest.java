package io.diptych.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.job.JobQueue;
import io.diptych.job.QueueFixture;
import io.diptych.job.QueueSettings;
import io.diptych.job.SettableClock;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.datasource.AbstractDataSource;

class QueueMetersTest {

  private static final Duration POOL_TIMEOUT = Duration.ofSeconds(5);

  private final SettableClock clock = new SettableClock(Instant.parse("2026-03-01T12:00:00Z"));
  private int attempts;

  @Test
  void aDatabaseThatIsAwayIsAskedOncePerScrape() {
    JobQueue queue = QueueFixture.over(new Away(), clock, QueueSettings.defaults()).queue;
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    new QueueMeters(queue.jobs(), clock).bindTo(registry);
    List<Gauge> gauges = registry.getMeters().stream().map(Gauge.class::cast).toList();
    attempts = 0;

    assertThat(gauges).hasSize(6).extracting(Gauge::value).containsOnly(Double.NaN);
    assertThat(attempts).isEqualTo(1);
    clock.advance(POOL_TIMEOUT);
    assertThat(gauges).extracting(Gauge::value).containsOnly(Double.NaN);
    assertThat(attempts).isEqualTo(2);
  }

  /** Like a pool whose connections do not come. */
  private final class Away extends AbstractDataSource {

    @Override
    public Connection getConnection() throws SQLException {
      attempts++;
      clock.advance(POOL_TIMEOUT);
      throw new SQLException("Connection is not available.");
    }

    @Override
    public Connection getConnection(String username, String password) throws SQLException {
      return getConnection();
    }
  }
}
