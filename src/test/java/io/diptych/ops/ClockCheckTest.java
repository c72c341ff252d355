package io.diptych.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.database.TestDatabase;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.jdbc.core.simple.JdbcClient;

@ExtendWith(OutputCaptureExtension.class)
class ClockCheckTest {

  @Test
  void aClockThatIsAheadOrBehindIsToldOf(CapturedOutput output) {
    try (TestDatabase database = TestDatabase.create()) {
      JdbcClient sql = JdbcClient.create(database.dataSource());

      new ClockCheck(sql, Clock.systemUTC()).compare();
      assertThat(output).doesNotContain("by NTP");

      for (Duration skew : new Duration[] {Duration.ofMinutes(1), Duration.ofMinutes(-1)}) {
        int told = output.getAll().split("by NTP", -1).length;
        new ClockCheck(sql, Clock.offset(Clock.systemUTC(), skew)).compare();
        assertThat(output.getAll().split("by NTP", -1)).hasSize(told + 1);
      }
    }
  }
}
