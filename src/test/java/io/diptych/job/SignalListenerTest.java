package io.diptych.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.diptych.database.TestDatabase;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.springframework.jdbc.datasource.DelegatingDataSource;

class SignalListenerTest {

  @Test
  void aConnectionThatTheNetworkDroppedIsReplaced() {
    try (TestDatabase database = TestDatabase.create()) {
      QueueFixture fixture = QueueFixture.over(database, Clock.systemUTC());
      QueueFixture otherProcess = QueueFixture.over(database, Clock.systemUTC());
      AtomicInteger connections = new AtomicInteger();
      AtomicInteger woken = new AtomicInteger();
      fixture.queue.signals().onQueued(JobKind.DECOMPOSITION, woken::incrementAndGet);
      SignalListener listener =
          new SignalListener(
              new DelegatingDataSource(database.dataSource()) {
                @Override
                public Connection getConnection() throws SQLException {
                  Connection real = super.getConnection();
                  return connections.incrementAndGet() == 1 ? dropped(real) : real;
                }
              },
              fixture.queue.signals(),
              Duration.ofMillis(10),
              2);
      try {
        Instant started = Instant.now();
        listener.start();
        await().until(() -> connections.get() == 2);
        assertThat(Duration.between(started, Instant.now()))
            .as("two reads without news")
            .isGreaterThan(Duration.ofMillis(900));
        await().until(() -> woken.get() == 2); // Whoever listens looks once for each connection.

        otherProcess.submit(JobKind.DECOMPOSITION, "alice", "news");

        await().until(() -> woken.get() == 3);
      } finally {
        listener.stop();
      }
    }
  }

  /** A connection that takes everything, brings no notification and is not valid. */
  private static Connection dropped(Connection real) {
    return (Connection)
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "isValid" -> false;
                  case "unwrap" -> silent();
                  default -> {
                    try {
                      yield method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                      throw e.getCause();
                    }
                  }
                });
  }

  private static PGConnection silent() {
    return (PGConnection)
        Proxy.newProxyInstance(
            PGConnection.class.getClassLoader(),
            new Class<?>[] {PGConnection.class},
            (proxy, method, arguments) -> {
              Thread.sleep((int) arguments[0]);
              return null;
            });
  }
}
