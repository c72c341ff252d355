package io.diptych.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.diptych.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

class EmbeddedServerTest {

  @TempDir Path directory;

  @Test
  void dataSurvivesARestartAndDurabilityIsOn() throws Exception {
    try (EmbeddedServer server = TestDatabase.embedded(directory, 0);
        Connection connection = connect(server)) {
      execute(connection, "create table note (text text)");
      execute(connection, "insert into note values ('kept')");
      assertThat(value(connection, "show fsync")).isEqualTo("on");
      assertThat(value(connection, "show synchronous_commit")).isEqualTo("on");
    }
    try (EmbeddedServer server = TestDatabase.embedded(directory, 0);
        Connection connection = connect(server)) {
      assertThat(value(connection, "select text from note")).isEqualTo("kept");
    }
  }

  @Test
  @ExtendWith(OutputCaptureExtension.class)
  void aServerThatDiesIsToldOfAndOneThatIsStoppedIsNot(CapturedOutput output) throws Exception {
    TestDatabase.embedded(directory, 0).close();
    EmbeddedServer server = TestDatabase.embedded(directory, 0);
    long pid =
        Long.parseLong(Files.readAllLines(directory.resolve("data/postmaster.pid")).get(0).strip());
    assertThat(output).doesNotContain("has ended");

    ProcessHandle.of(pid).orElseThrow().destroyForcibly();

    await().atMost(Duration.ofMinutes(1)).until(() -> output.getAll().contains("has ended"));
    server.close();
    try (EmbeddedServer again = TestDatabase.embedded(directory, 0);
        Connection connection = connect(again)) {
      assertThat(value(connection, "select 'up'")).isEqualTo("up");
    }
  }

  @Test
  void everyServerRunsTheProgramsOfItsOwnDirectory() throws Exception {
    for (String name : List.of("one", "other")) {
      Path root = directory.resolve(name);
      Path binaries = root.resolve("binaries");
      try (EmbeddedServer server = EmbeddedServer.start(root, binaries, 0);
          Connection connection = connect(server)) {
        assertThat(value(connection, "select 'up'")).isEqualTo("up");
        assertThat(Files.readString(root.resolve("data/postmaster.opts")))
            .startsWith(binaries.toString());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(binaries)))
            .isEqualTo("rwx------");
      }
    }
  }

  @Test
  void aSecondOwnerIsToldHowToShareTheServerAndNobodyGetsInWithoutItsPassword() throws Exception {
    try (EmbeddedServer server = TestDatabase.embedded(directory, 0)) {
      assertThatThrownBy(() -> TestDatabase.embedded(directory, 0))
          .isInstanceOfSatisfying(
              EmbeddedServerException.class,
              refusal -> {
                assertThat(refusal)
                    .hasMessageContaining(
                        "Another process of this service uses the data directory");
                assertThat(refusal.action()).contains("spring.datasource.url=" + server.url());
              });
      assertThatThrownBy(
              () -> DriverManager.getConnection(server.url(), server.username(), "guess"))
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("password authentication failed");
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(directory.resolve("password"))))
          .isEqualTo("rw-------");
      for (Path ours : List.of(directory, TestDatabase.binaries())) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(ours)))
            .isEqualTo("rwx------");
      }
    }
  }

  @Test
  void aServerWhoseOwnerWasKilledIsTakenOverWithItsData() throws Exception {
    try (ChildJvm child =
        ChildJvm.start(
            ChildServer.class,
            List.of("-Xmx256m", "-XX:TieredStopAtLevel=1"),
            directory.toString())) {
      child.awaitLine("ready");
      child.kill();
    }
    try (EmbeddedServer server = TestDatabase.embedded(directory, 0);
        Connection connection = connect(server)) {
      assertThat(value(connection, "select text from note")).isEqualTo("kept");
    }
  }

  @Test
  void aProcessThatGotTheNumberOfALostServerIsLeftAlone() throws Exception {
    try (EmbeddedServer server = TestDatabase.embedded(directory, 0)) {
      assertThat(server.url()).isNotEmpty();
    }
    Process bystander = new ProcessBuilder("sleep", "600").start();
    Path data = directory.resolve("data");
    try {
      Files.writeString(
          data.resolve("postmaster.pid"),
          bystander.pid() + "\n" + data + "\n1767225600\n5432\n\nlocalhost\n");
      try (EmbeddedServer server = TestDatabase.embedded(directory, 0);
          Connection connection = connect(server)) {
        assertThat(value(connection, "select 'up'")).isEqualTo("up");
      }
      assertThat(bystander.isAlive()).isTrue();
    } finally {
      bystander.destroyForcibly();
    }
  }

  @Test
  void aFirstStartThatDiedHalfWayIsBegunAnew() throws Exception {
    Path data = Files.createDirectories(directory.resolve("data"));
    Files.writeString(data.resolve("PG_VERSION"), "18\n");
    try (EmbeddedServer server = TestDatabase.embedded(directory, 0);
        Connection connection = connect(server)) {
      assertThat(value(connection, "select 'up'")).isEqualTo("up");
    }
  }

  @Test
  void dataOfAnotherMajorVersionIsLeftAlone() throws Exception {
    Path data = Files.createDirectories(directory.resolve("data"));
    Files.writeString(data.resolve("PG_VERSION"), "16\n");
    Files.createFile(directory.resolve("complete"));

    assertThatThrownBy(() -> TestDatabase.embedded(directory, 0))
        .hasMessageContaining("written by PostgreSQL 16")
        .hasMessageContaining("brings 18");
    assertThat(data.resolve("PG_VERSION")).hasContent("16");
  }

  private static Connection connect(EmbeddedServer server) throws SQLException {
    return DriverManager.getConnection(server.url(), server.username(), server.password());
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String value(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      result.next();
      return result.getString(1);
    }
  }

  /** Starts a server, writes something and waits to be killed. */
  static final class ChildServer {
    private ChildServer() {}

    public static void main(String[] args) throws Exception {
      EmbeddedServer server = TestDatabase.embedded(Path.of(args[0]), 0);
      try (Connection connection = connect(server)) {
        execute(connection, "create table note (text text)");
        execute(connection, "insert into note values ('kept')");
      }
      System.out.println("ready");
      Thread.currentThread().join();
    }
  }
}
