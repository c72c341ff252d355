package io.diptych.database;

import java.sql.SQLException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.TransientDataAccessResourceException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.SQLExceptionSubclassTranslator;
import org.springframework.jdbc.support.SQLExceptionTranslator;
import org.springframework.stereotype.Component;

/**
 * Spring's own translation, and beside it the states of PostgreSQL that pass by themselves but that
 * Spring leaves uncategorized: a lock that did not come in time, a standby that answers in place of
 * the primary, and a transaction that the server ended because it idled.
 */
@Component
public final class PostgresExceptionTranslator implements SQLExceptionTranslator {

  private static final String LOCK_NOT_AVAILABLE = "55P03";
  private static final String READ_ONLY_SQL_TRANSACTION = "25006";
  private static final String IDLE_IN_TRANSACTION_SESSION_TIMEOUT = "25P03";

  private final SQLExceptionTranslator standard = new SQLExceptionSubclassTranslator();

  /** A client that tells failures in this way. */
  public static JdbcClient client(DataSource dataSource) {
    JdbcTemplate template = new JdbcTemplate(dataSource);
    template.setExceptionTranslator(new PostgresExceptionTranslator());
    return JdbcClient.create(template);
  }

  @Override
  public @Nullable DataAccessException translate(
      String task, @Nullable String sql, SQLException failure) {
    return switch (String.valueOf(failure.getSQLState())) {
      case LOCK_NOT_AVAILABLE -> new CannotAcquireLockException(task, failure);
      case READ_ONLY_SQL_TRANSACTION, IDLE_IN_TRANSACTION_SESSION_TIMEOUT ->
          new TransientDataAccessResourceException(task, failure);
      default -> standard.translate(task, sql, failure);
    };
  }
}
