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
      CompletableFuture<TestService> other =
          CompletableFuture.supplyAsync(() -> start(database, second));
      try (TestService service = start(database, first);
          TestService waited = other.join()) {
        assertThat(service.context().isActive()).isTrue();
        assertThat(waited.context().isActive()).isTrue();
        assertThat(
                JdbcClient.create(database.dataSource())
                    .sql(
                        "select execution_time from flyway_schema_history"
                            + " where version = '9001' and success")
                    .query(Integer.class)
                    .single())
            .as("milliseconds")
            .isGreaterThan(3000);
      }
    }
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
