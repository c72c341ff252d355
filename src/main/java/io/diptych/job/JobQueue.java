package io.diptych.job;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.UUIDClock;
import io.diptych.database.PostgresExceptionTranslator;
import java.time.Clock;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/**
 * The queue over one database, as the parts that different callers use.
 *
 * @param jobs for the owners of jobs
 * @param claims for lanes that want work
 * @param running for lanes that have some
 * @param sweeps for housekeeping
 * @param signals for whoever waits for a change
 */
public record JobQueue(
    Jobs jobs, JobClaims claims, RunningJobs running, JobSweeps sweeps, JobSignals signals) {

  /**
   * @param transaction begins and joins transactions on the data source
   * @param clock of this process; processes should agree to about a second
   * @param random of the ids (UUIDv7)
   * @param removals told before a job is removed
   * @param listener told of what happened in this process
   */
  public static JobQueue over(
      DataSource dataSource,
      TransactionTemplate transaction,
      JsonMapper json,
      Clock clock,
      Random random,
      QueueSettings settings,
      TicketIssuer tickets,
      List<JobRemoval> removals,
      Consumer<JobNotice> listener) {
    JdbcClient sql = PostgresExceptionTranslator.client(dataSource);
    JobSignals signals = new JobSignals(sql);
    JobRows rows = new JobRows(sql, json, clock, settings, tickets, signals, removals, listener);
    UUIDClock idClock =
        new UUIDClock() {
          @Override
          public long currentTimeMillis() {
            return clock.millis();
          }
        };
    Jobs jobs =
        new Jobs(
            rows,
            transaction,
            settings,
            signals,
            Generators.timeBasedEpochGenerator(random, idClock));
    return new JobQueue(
        jobs,
        new JobClaims(rows, transaction, settings),
        new RunningJobs(rows, transaction, settings, signals),
        new JobSweeps(rows, transaction, settings, tickets),
        signals);
  }
}
