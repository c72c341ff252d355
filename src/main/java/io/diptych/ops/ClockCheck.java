package io.diptych.ops;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Compares this process's clock with the database's at the start. Leases, deadlines and retention
 * go by the clocks of the processes: one that is ahead takes the others' live runs for dead.
 */
@Component
final class ClockCheck {

  private static final Logger log = LoggerFactory.getLogger(ClockCheck.class);

  private static final Duration TOLERATED = Duration.ofSeconds(5);

  private final JdbcClient sql;
  private final Clock clock;

  ClockCheck(JdbcClient sql, Clock clock) {
    this.sql = sql;
    this.clock = clock;
  }

  @EventListener(ApplicationReadyEvent.class)
  void compare() {
    try {
      Instant before = clock.instant();
      Instant there =
          sql.sql("select clock_timestamp()").query(OffsetDateTime.class).single().toInstant();
      Instant after = clock.instant();
      if (there.isBefore(before.minus(TOLERATED)) || there.isAfter(after.plus(TOLERATED))) {
        log.warn(
            "The clock of this machine says {} and the database's {}. Leases, deadlines and retention"
                + " go by the clocks of the processes: set both by NTP, or runs of live workers"
                + " count as lost and files are deleted too early or too late.",
            after,
            there);
      }
    } catch (DataAccessException e) {
      log.debug("The clocks could not be compared.", e);
    }
  }
}
