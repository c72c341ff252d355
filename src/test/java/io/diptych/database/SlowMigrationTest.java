package io.diptych.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.decomposition.TestService;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;

class SlowMigrationTest {

  /** One that holds the lock of migrations in a transaction would be cut off meanwhile. */
  @Test
  void aMigrationMayTakeLongerThanATransactionMayStandIdle(@TempDir Path directory) {
    try (TestDatabase database = TestDatabase.create();
        TestService service =
            TestService.start(
                database,
                directory,
                "diptych.role=api",
                "spring.datasource.hikari.connection-init-sql="
                    + "set idle_in_transaction_session_timeout = '1s'",
                "spring.flyway.locations=classpath:db/migration,classpath:db/slow")) {
      assertThat(service.context().isActive()).isTrue();
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
