package io.diptych.database;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.TransientDataAccessResourceException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

class PostgresExceptionTranslatorTest {

  private static TestDatabase database;

  private final JdbcClient sql = PostgresExceptionTranslator.client(database.dataSource());
  private final JdbcTransactionManager manager = new JdbcTransactionManager(database.dataSource());

  @BeforeAll
  static void start() {
    database = TestDatabase.create();
    JdbcClient.create(database.dataSource()).sql("create table one (id int primary key)").update();
  }

  @AfterAll
  static void stop() {
    database.close();
  }

  @Test
  void aLockThatDoesNotComeInTimeIsTransient() {
    TransactionTemplate outer = new TransactionTemplate(manager);
    TransactionTemplate inner = new TransactionTemplate(manager);
    inner.setPropagationBehavior(TransactionTemplate.PROPAGATION_REQUIRES_NEW);
    outer.executeWithoutResult(
        held -> {
          sql.sql("lock table one").update();
          assertThatThrownBy(
                  () ->
                      inner.executeWithoutResult(
                          late -> {
                            sql.sql("set local lock_timeout = '50ms'").update();
                            insert(1);
                          }))
              .isInstanceOf(CannotAcquireLockException.class);
        });
  }

  @Test
  void aStandbyIsTransient() {
    TransactionTemplate standby = new TransactionTemplate(manager);
    assertThatThrownBy(
            () ->
                standby.executeWithoutResult(
                    status -> {
                      sql.sql("set transaction read only").update();
                      insert(2);
                    }))
        .isInstanceOf(TransientDataAccessResourceException.class);
  }

  @Test
  void theRestIsToldAsSpringDoes() {
    insert(3);
    assertThatThrownBy(() -> insert(3)).isInstanceOf(DuplicateKeyException.class);
  }

  private void insert(int id) {
    sql.sql("insert into one (id) values (:id)").param("id", id).update();
  }
}
