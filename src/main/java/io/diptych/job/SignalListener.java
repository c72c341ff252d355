package io.diptych.job;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps one connection that listens for the notifications of other processes. */
public final class SignalListener {

  private static final Logger log = LoggerFactory.getLogger(SignalListener.class);

  /** How long a read blocks before the thread looks whether it is to stop. */
  private static final int READ_MILLIS = 500;

  /** After so many reads without news the connection is asked whether it is still there. */
  private static final int QUIET_READS = 60;

  private static final int VALID_SECONDS = 5;

  private final DataSource dataSource;
  private final JobSignals signals;
  private final Duration reconnectDelay;
  private final int quietReads;
  private volatile boolean running;
  private @Nullable Thread thread;

  public SignalListener(DataSource dataSource, JobSignals signals, Duration reconnectDelay) {
    this(dataSource, signals, reconnectDelay, QUIET_READS);
  }

  SignalListener(
      DataSource dataSource, JobSignals signals, Duration reconnectDelay, int quietReads) {
    this.dataSource = dataSource;
    this.signals = signals;
    this.reconnectDelay = reconnectDelay;
    this.quietReads = quietReads;
  }

  public synchronized void start() {
    running = true;
    Thread started = new Thread(this::listen, "job-signals");
    started.setDaemon(true);
    started.start();
    thread = started;
  }

  public synchronized void stop() {
    running = false;
    Thread stopped = thread;
    if (stopped != null) {
      stopped.interrupt();
      try {
        stopped.join(Duration.ofSeconds(2).toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    thread = null;
  }

  private void listen() {
    boolean away = false;
    while (running) {
      try (Connection connection = dataSource.getConnection();
          Statement statement = connection.createStatement()) {
        statement.execute("listen " + JobSignals.CHANNEL);
        // Whatever happened before this line was told to nobody.
        signals.resynchronise();
        away = false;
        try {
          read(connection);
        } finally {
          // The connection goes back to the pool; the next user must not collect notifications.
          if (!connection.isClosed()) {
            statement.execute("unlisten *");
          }
        }
      } catch (SQLException e) {
        if (running && !away) {
          log.warn(
              "No notifications until the database is back ({}); lanes find new jobs by polling.",
              e.getMessage());
          away = true;
        }
        pause();
      } catch (RuntimeException e) {
        log.error("A listener of job signals failed; listening goes on.", e);
        pause();
      }
    }
  }

  private void read(Connection connection) throws SQLException {
    PGConnection notified = connection.unwrap(PGConnection.class);
    int quiet = 0;
    while (running) {
      PGNotification[] arrived = notified.getNotifications(READ_MILLIS);
      quiet = arrived == null ? quiet + 1 : 0;
      if (quiet == quietReads) {
        // A connection that the network dropped looks like one that has nothing to tell.
        if (!connection.isValid(VALID_SECONDS)) {
          throw new SQLException("The connection does not answer.");
        }
        quiet = 0;
      }
      if (arrived != null) {
        for (PGNotification notification : arrived) {
          signals.received(notification.getParameter());
        }
      }
    }
  }

  private void pause() {
    if (!running) {
      return;
    }
    try {
      Thread.sleep(reconnectDelay.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
