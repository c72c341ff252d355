package io.diptych.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.flywaydb.core.Flyway;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * A fresh, migrated database for a test, dropped when closed. All tests of a JVM share one server:
 * the one that {@code DIPTYCH_TEST_DATABASE_URL} names (its user must be allowed to create
 * databases), else a container when a Docker engine answers, else the embedded binary.
 */
public final class TestDatabase implements AutoCloseable {

  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final String name;
  private final HikariDataSource dataSource;

  private TestDatabase(String name) {
    this.name = name;
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url());
    config.setUsername(Server.ONE.user);
    config.setPassword(Server.ONE.password);
    config.setMaximumPoolSize(30);
    config.setMinimumIdle(0);
    this.dataSource = new HikariDataSource(config);
  }

  /** A database with all migrations applied. */
  public static TestDatabase create() {
    String name = "test_%d_%d".formatted(ProcessHandle.current().pid(), NUMBER.incrementAndGet());
    Server.ONE.execute("create database %s template %s".formatted(name, Server.ONE.template()));
    return new TestDatabase(name);
  }

  /** A database with nothing in it. */
  public static TestDatabase createEmpty() {
    String name = "test_%d_%d".formatted(ProcessHandle.current().pid(), NUMBER.incrementAndGet());
    Server.ONE.execute("create database " + name);
    return new TestDatabase(name);
  }

  /** The service's own embedded server, with its programs unpacked once for all tests. */
  public static EmbeddedServer embedded(Path directory, int port) {
    return EmbeddedServer.start(directory, binaries(), port);
  }

  /** Where tests unpack the programs of the embedded server. */
  public static Path binaries() {
    return Path.of(
        System.getProperty("java.io.tmpdir"),
        "diptych-test-postgresql-" + System.getProperty("user.name"));
  }

  public HikariDataSource dataSource() {
    return dataSource;
  }

  public String url() {
    return Server.ONE.urlOf(name);
  }

  public String user() {
    return Server.ONE.user;
  }

  public String password() {
    return Server.ONE.password;
  }

  @Override
  public void close() {
    dataSource.close();
    Server.ONE.execute("drop database %s with (force)".formatted(name));
  }

  /** The server, chosen once per JVM. */
  private static final class Server {
    static final Server ONE = choose();

    final String adminUrl;
    final String user;
    final String password;
    private String template = "";

    private Server(String adminUrl, String user, String password, String kind) {
      this.adminUrl = adminUrl;
      this.user = user;
      this.password = password;
      System.out.println("Database tests use " + kind + ".");
    }

    private static Server choose() {
      String url = System.getenv("DIPTYCH_TEST_DATABASE_URL");
      if (url != null && !url.isBlank()) {
        return new Server(
            url,
            System.getenv().getOrDefault("DIPTYCH_TEST_DATABASE_USER", "postgres"),
            System.getenv().getOrDefault("DIPTYCH_TEST_DATABASE_PASSWORD", ""),
            "the server of DIPTYCH_TEST_DATABASE_URL");
      }
      if (dockerAnswers()) {
        @SuppressWarnings("resource") // ends with the JVM
        PostgreSQLContainer container = new PostgreSQLContainer("postgres:18-alpine");
        container.start();
        return new Server(
            container.getJdbcUrl(),
            container.getUsername(),
            container.getPassword(),
            "a PostgreSQL container");
      }
      try {
        @SuppressWarnings("resource") // ends with the JVM
        EmbeddedPostgres embedded =
            EmbeddedPostgres.builder()
                .setLocaleConfig("locale", "C")
                .setPGStartupWait(Duration.ofMinutes(1))
                .start();
        return new Server(
            embedded.getJdbcUrl("postgres", "postgres"),
            "postgres",
            "postgres",
            "the embedded PostgreSQL binary");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static boolean dockerAnswers() {
      try {
        return DockerClientFactory.instance().isDockerAvailable();
      } catch (RuntimeException | LinkageError e) {
        return false;
      }
    }

    synchronized String template() {
      if (template.isEmpty()) {
        String name = "template_" + ProcessHandle.current().pid();
        execute("create database " + name);
        Flyway.configure().dataSource(urlOf(name), user, password).load().migrate();
        template = name;
        if (System.getenv("DIPTYCH_TEST_DATABASE_URL") != null) {
          Runtime.getRuntime()
              .addShutdownHook(new Thread(() -> execute("drop database if exists " + name)));
        }
      }
      return template;
    }

    void execute(String sql) {
      try (Connection connection = DriverManager.getConnection(adminUrl, user, password);
          Statement statement = connection.createStatement()) {
        statement.execute(sql);
      } catch (SQLException e) {
        throw new IllegalStateException(sql + " failed", e);
      }
    }

    /** The admin URL with another database in its path. */
    String urlOf(String database) {
      int path = adminUrl.indexOf('/', "jdbc:postgresql://".length());
      int query = adminUrl.indexOf('?');
      String end = query < 0 ? "" : adminUrl.substring(query);
      return adminUrl.substring(0, path + 1) + database + end;
    }
  }
}
