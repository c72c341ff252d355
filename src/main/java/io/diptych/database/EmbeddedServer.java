package io.diptych.database;

import io.zonky.test.db.postgres.embedded.DefaultPostgresBinaryResolver;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.embedded.PgBinaryResolver;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL of our own: its binaries come with the service, its data stays in a directory.
 *
 * <p>One process owns the directory at a time (a file lock, which the operating system takes back
 * from a dead one). Others may use the same server through its URL.
 */
public final class EmbeddedServer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(EmbeddedServer.class);

  private static final String USER = "postgres";
  private static final String DATABASE = "diptych";
  private static final int PASSWORD_BYTES = 24;

  /** Major version of the binaries in the class path. */
  private static final String MAJOR_VERSION = "18";

  /** Recovery after a crash may take its time. */
  private static final Duration START_WAIT = Duration.ofSeconds(60);

  private final EmbeddedPostgres server;
  private final String password;
  private final FileChannel lockFile;
  private volatile boolean closing;

  private EmbeddedServer(EmbeddedPostgres server, String password, FileChannel lockFile) {
    this.server = server;
    this.password = password;
    this.lockFile = lockFile;
  }

  /**
   * Starts the server, creating everything at the first time.
   *
   * @param directory holds data, password and log
   * @param binaries where the server's programs are unpacked; nobody else should be able to write
   *     there
   * @param port 0: any free one
   * @throws EmbeddedServerException if it cannot be started, saying what to do
   */
  public static EmbeddedServer start(Path directory, Path binaries, int port) {
    Layout layout =
        new Layout(directory.toAbsolutePath().normalize(), binaries.toAbsolutePath().normalize());
    try {
      Files.createDirectories(layout.root());
      keepPrivate(layout.root());
      FileChannel lockFile = lock(layout);
      try {
        return start(layout, port, lockFile);
      } catch (IOException | SQLException | RuntimeException e) {
        lockFile.close();
        throw e;
      }
    } catch (IOException | SQLException e) {
      throw new EmbeddedServerException(
          "The embedded PostgreSQL in %s did not start: %s."
              .formatted(layout.root(), e.getMessage()),
          "Read its log, %s, or use another database by setting spring.datasource.url."
              .formatted(layout.log()),
          e);
    }
  }

  private static EmbeddedServer start(Layout layout, int port, FileChannel lockFile)
      throws IOException, SQLException {
    requireRunnable();
    if (!Files.exists(layout.complete())) {
      // The very first start did not get to its end; nothing can be in there.
      deleteTree(layout.data());
    }
    requireVersion(layout);
    stopOrphan(layout);
    String password = password(layout);
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .setPgBinaryResolver(new Binaries(layout.binaries()))
            .setOverrideWorkingDirectory(layout.binaries().toFile())
            .setDataDirectory(layout.data())
            .setCleanDataDirectory(false)
            .setRegisterShutdownHook(false)
            .setPort(port)
            .setPGStartupWait(START_WAIT)
            .setLocaleConfig("locale", "C")
            // The library is made for tests and switches durability off.
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .setServerConfig("max_connections", "100")
            // Nobody rotates the log.
            .setServerConfig("log_checkpoints", "off")
            .setConnectConfig("password", password)
            .setOutputRedirector(Redirect.appendTo(layout.log().toFile()))
            .setErrorRedirector(Redirect.appendTo(layout.log().toFile()));
    EmbeddedPostgres server = builder.start();
    // The library lets everybody write where it unpacks programs that we run.
    keepPrivate(layout.binaries());
    EmbeddedServer started = new EmbeddedServer(server, password, lockFile);
    try {
      started.prepare(layout);
      started.tellOfItsEnd(layout);
    } catch (IOException | SQLException | RuntimeException e) {
      started.close();
      throw e;
    }
    log.info("Embedded PostgreSQL is up on port {}, data in {}.", server.getPort(), layout.data());
    return started;
  }

  private static void keepPrivate(Path directory) throws IOException {
    if (directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    }
  }

  private static FileChannel lock(Layout layout) throws IOException {
    FileChannel channel =
        FileChannel.open(layout.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      channel.close();
      String url =
          postmaster(layout)
              .map(running -> url(running.port()))
              .orElse("jdbc:postgresql://localhost:PORT/" + DATABASE);
      throw new EmbeddedServerException(
          "Another process of this service uses the data directory %s.".formatted(layout.root()),
          "Stop it, or give this one a directory of its own (diptych.data-directory), or let both"
              + " use one database: start this one with spring.datasource.url=%s, username %s and"
                  .formatted(url, USER)
              + " the password in %s.".formatted(layout.password()));
    }
    return channel;
  }

  private static void requireRunnable() {
    if ("root".equals(System.getProperty("user.name"))
        && "Linux".equals(System.getProperty("os.name"))
        && !LinuxUtils.isUnshareAvailable()) {
      throw new EmbeddedServerException(
          "PostgreSQL refuses to run as root, and user namespaces, which would hide it, are not"
              + " available here.",
          "Run the service as another user, or set spring.datasource.url.");
    }
  }

  private static void requireVersion(Layout layout) throws IOException {
    Path file = layout.data().resolve("PG_VERSION");
    if (Files.exists(file)) {
      String version = Files.readString(file).strip();
      if (!version.equals(MAJOR_VERSION)) {
        throw new EmbeddedServerException(
            "The data in %s was written by PostgreSQL %s; this version of the service brings %s."
                .formatted(layout.data(), version, MAJOR_VERSION),
            "Dump it with the old version of the service and load it into a new directory, or set"
                + " spring.datasource.url.");
      }
    }
  }

  /** A server whose owner was killed still runs; the file lock says that nobody owns it. */
  private static void stopOrphan(Layout layout) throws IOException {
    Optional<Postmaster> found = postmaster(layout);
    if (found.isEmpty()) {
      return;
    }
    Optional<ProcessHandle> process = ProcessHandle.of(found.get().pid());
    if (process.isEmpty()) {
      return;
    }
    if (!mayBePostgres(process.get())) {
      // The machine lost its power, and the number has become another process: leave that alone.
      Files.delete(layout.postmaster());
      return;
    }
    log.info(
        "A PostgreSQL of a process that was killed still runs (pid {}); it is restarted.",
        found.get().pid());
    String options = Files.readString(layout.data().resolve("postmaster.opts"));
    Path binaries = Path.of(options.substring(0, options.indexOf(" \""))).getParent();
    List<String> command = new ArrayList<>();
    if (LinuxUtils.isUnshareAvailable()) {
      command.addAll(List.of("unshare", "-U"));
    }
    command.addAll(
        List.of(
            binaries.resolve("pg_ctl").toString(),
            "-D",
            layout.data().toString(),
            "stop",
            "-m",
            "fast",
            "-w"));
    Process stop =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(layout.log().toFile()))
            .start();
    try {
      if (!stop.waitFor(START_WAIT.toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException("pg_ctl did not stop the running server in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while a running server was stopped", e);
    }
  }

  private static Optional<Postmaster> postmaster(Layout layout) throws IOException {
    Path file = layout.postmaster();
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    List<String> lines = Files.readAllLines(file);
    return lines.size() < 4
        ? Optional.empty()
        : Optional.of(
            new Postmaster(
                Long.parseLong(lines.get(0).strip()), Integer.parseInt(lines.get(3).strip())));
  }

  private record Postmaster(long pid, int port) {}

  private static boolean mayBePostgres(ProcessHandle process) {
    return process
        .info()
        .command()
        .map(command -> Path.of(command).getFileName().toString().startsWith("postgres"))
        .orElse(true);
  }

  private static String password(Layout layout) throws IOException {
    if (Files.exists(layout.password())) {
      return Files.readString(layout.password()).strip();
    }
    byte[] random = new byte[PASSWORD_BYTES];
    new SecureRandom().nextBytes(random);
    String password = HexFormat.of().formatHex(random);
    Path draft = layout.root().resolve("password.new");
    Files.deleteIfExists(draft);
    if (draft.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(
          draft,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    Files.writeString(draft, password);
    Files.move(draft, layout.password(), StandardCopyOption.ATOMIC_MOVE);
    return password;
  }

  /** Everything here may be done again: a start may die after any line. */
  private void prepare(Layout layout) throws IOException, SQLException {
    DataSource postgres = server.getPostgresDatabase();
    try (Connection connection = postgres.getConnection();
        Statement statement = connection.createStatement()) {
      // A fresh directory trusts every local user. The password is hexadecimal: nothing to quote.
      statement.execute("alter role %s password '%s'".formatted(USER, password));
      Path draft = layout.data().resolve("pg_hba.conf.new");
      Files.writeString(
          draft,
          """
          # Written by the service at every start.
          host all all 127.0.0.1/32 scram-sha-256
          host all all ::1/128      scram-sha-256
          """);
      // At one go: with half of it, or none, no server would start here again.
      Files.move(draft, layout.data().resolve("pg_hba.conf"), StandardCopyOption.ATOMIC_MOVE);
      statement.execute("select pg_reload_conf()");
      boolean exists;
      try (ResultSet found =
          statement.executeQuery(
              "select 1 from pg_database where datname = '%s'".formatted(DATABASE))) {
        exists = found.next();
      }
      if (!exists) {
        statement.execute("create database " + DATABASE);
      }
    }
    if (!Files.exists(layout.complete())) {
      Files.createFile(layout.complete());
    }
  }

  /** A server that a full disk or the kernel ends does not come back while the service runs. */
  private void tellOfItsEnd(Layout layout) throws IOException {
    postmaster(layout)
        .flatMap(running -> ProcessHandle.of(running.pid()))
        .ifPresent(
            process ->
                process
                    .onExit()
                    .thenRun(
                        () -> {
                          if (!closing) {
                            log.error(
                                "The embedded PostgreSQL has ended; its log {} says why. Start the"
                                    + " service again: jobs go on from there.",
                                layout.log());
                          }
                        }));
  }

  /** URL of the service's database, without credentials. */
  public String url() {
    return url(server.getPort());
  }

  private static String url(int port) {
    return "jdbc:postgresql://localhost:%d/%s".formatted(port, DATABASE);
  }

  public String username() {
    return USER;
  }

  public String password() {
    return password;
  }

  /** Stops the server; its data stays. */
  @Override
  public void close() {
    closing = true;
    try {
      server.close();
    } catch (IOException e) {
      log.warn("The embedded PostgreSQL did not stop in order; the next start recovers it.", e);
    }
    try {
      lockFile.close();
    } catch (IOException e) {
      log.debug("The lock of the data directory goes with the process.", e);
    }
  }

  private static void deleteTree(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(directory)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /**
   * The programs in the class path. The library remembers for each resolver where it unpacked them,
   * and only there: equal ones are those of one directory.
   */
  private record Binaries(Path directory) implements PgBinaryResolver {

    @Override
    public InputStream getPgBinary(String system, String machineHardware) throws IOException {
      return DefaultPostgresBinaryResolver.INSTANCE.getPgBinary(system, machineHardware);
    }
  }

  /** Where things are. */
  private record Layout(Path root, Path binaries) {

    Path data() {
      return root.resolve("data");
    }

    /** Where the server writes its process and port. */
    Path postmaster() {
      return data().resolve("postmaster.pid");
    }

    Path password() {
      return root.resolve("password");
    }

    Path lock() {
      return root.resolve("lock");
    }

    Path log() {
      return root.resolve("postgresql.log");
    }

    /** Exists once a start has come to its end. */
    Path complete() {
      return root.resolve("complete");
    }
  }
}
