package io.diptych.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.decomposition.TestService;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;

class SlowMigrationTest {

  /**
   * Longer than a transaction may stand idle, which the one that holds a lock of migrations would,
   * and longer than a connection may be silent.
   */
  @Test
  void aMigrationMayTakeLongAndOtherProcessesWaitForIt(@TempDir Path first, @TempDir Path second) {
    try (TestDatabase database = TestDatabase.create()) {
      CompletableFuture<TestService> migrating =
          CompletableFuture.supplyAsync(() -> start(database, first));
      JdbcClient sql = JdbcClient.create(database.dataSource());
      TestService.await().until(() -> isMigrating(sql));
      try (TestService waited = start(database, second);
          TestService service = migrating.join()) {
        assertThat(service.context().isActive()).isTrue();
        assertThat(waited.context().isActive()).isTrue();
        assertThat(
                sql.sql(
                        "select execution_time from flyway_schema_history"
                            + " where version = '9001' and success")
                    .query(Integer.class)
                    .single())
            .as("milliseconds")
            .isGreaterThan(3000);
      }
    }
  }

  private static boolean isMigrating(JdbcClient sql) {
    return sql.sql(
            "select exists (select from pg_stat_activity where datname = current_database()"
                + " and pid <> pg_backend_pid() and query like '%pg_sleep%' and state = 'active')")
        .query(Boolean.class)
        .single();
  }

  private static TestService start(TestDatabase database, Path directory) {
    return TestService.start(
        database,
        directory,
        "diptych.role=api",
        "spring.datasource.hikari.connection-init-sql="
            + "set idle_in_transaction_session_timeout = '1s'",
        "spring.datasource.hikari.data-source-properties.socketTimeout=2",
        "spring.flyway.locations=classpath:db/migration,classpath:db/slow");
  }
}
