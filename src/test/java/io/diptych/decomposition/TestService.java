package io.diptych.decomposition;

import io.diptych.Diptych;
import io.diptych.database.TestDatabase;
import io.diptych.engine.TestModels;
import io.diptych.http.Client;
import io.diptych.http.Client.Reply;
import io.diptych.http.access.ApiKeys;
import io.diptych.http.access.Scope;
import io.diptych.http.access.Tenant;
import io.diptych.image.PngFile;
import io.diptych.job.QueueFixture;
import io.diptych.ops.HousekeepingTask;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

/** The whole service on a port, with a tiny real model, that asks for API keys. */
public final class TestService implements AutoCloseable {

  private static final AtomicInteger TENANTS = new AtomicInteger();

  private final ConfigurableApplicationContext context;
  private final Path directory;
  private final Client client;

  private TestService(ConfigurableApplicationContext context, Path directory) {
    this.context = context;
    this.directory = directory;
    this.client =
        new Client(
            context.getEnvironment().getRequiredProperty("local.server.port", Integer.class));
  }

  /**
   * Starts it.
   *
   * @param directory for the model and the store; may have been used before
   * @param more properties, as {@code name=value}
   */
  public static TestService start(TestDatabase database, Path directory, String... more) {
    Path model = directory.resolve("model");
    if (!Files.isDirectory(model)) {
      TestModels.TINY.write(model);
    }
    List<String> arguments = new ArrayList<>(onDatabase(database, directory));
    arguments.add("--diptych.model.locations.pocket=" + model);
    return run(arguments, directory, more);
  }

  /** Starts it with one more class of configuration, or a bean. */
  public static TestService startWith(
      Class<?> addition, TestDatabase database, Path directory, String... more) {
    TestModels.TINY.write(directory.resolve("model"));
    List<String> arguments = new ArrayList<>(onDatabase(database, directory));
    arguments.add("--diptych.model.locations.pocket=" + directory.resolve("model"));
    Stream.of(more).map("--"::concat).forEach(arguments::add);
    return new TestService(
        new SpringApplicationBuilder(Diptych.class, addition).run(arguments.toArray(String[]::new)),
        directory);
  }

  /** Starts it with the pocket model that is shipped, on a database that others may share. */
  public static TestService startShipped(TestDatabase database, Path directory, String... more) {
    return run(onDatabase(database, directory), directory, more);
  }

  /** Starts it as on a fresh machine: with a PostgreSQL of its own and the shipped pocket model. */
  public static TestService startFresh(Path directory, String... more) {
    List<String> arguments = new ArrayList<>(common(directory));
    arguments.add("--diptych.data-directory=" + directory.resolve("data"));
    arguments.add("--diptych.database.binaries=" + TestDatabase.binaries());
    return run(arguments, directory, more);
  }

  private static TestService run(List<String> arguments, Path directory, String... more) {
    List<String> all = new ArrayList<>(arguments);
    Stream.of(more).map("--"::concat).forEach(all::add);
    return new TestService(
        new SpringApplicationBuilder(Diptych.class).run(all.toArray(String[]::new)), directory);
  }

  /** The command line of a process beside others on a database and a store. */
  public static List<String> onDatabase(TestDatabase database, Path directory) {
    List<String> arguments = new ArrayList<>(common(directory));
    arguments.add("--spring.datasource.url=" + database.url());
    arguments.add("--spring.datasource.username=" + database.user());
    arguments.add("--spring.datasource.password=" + database.password());
    return arguments;
  }

  private static List<String> common(Path directory) {
    return Stream.of(
            "spring.datasource.hikari.minimum-idle=0",
            "spring.main.banner-mode=off",
            "server.port=0",
            "diptych.security.authentication=REQUIRED",
            "diptych.security.admin-key=0123456789012345678901234567890123456789",
            "diptych.model.cache=" + directory.resolve("cache"),
            "diptych.store.directory=" + directory.resolve("store"),
            "diptych.worker.progress-every=0ms",
            "diptych.http.events.interval=20ms",
            "diptych.http.events.poll=200ms",
            "diptych.http.events.max-streams-per-tenant=50",
            "diptych.http.rate-limit.requests-per-minute=0")
        .map("--"::concat)
        .toList();
  }

  public ConfigurableApplicationContext context() {
    return context;
  }

  /** A tenant nobody else is. */
  public Caller newTenant() {
    return tenant("tenant-" + TENANTS.incrementAndGet() + "-" + UUID.randomUUID());
  }

  /** A tenant with a key that allows everything but administration. */
  public Caller tenant(String name) {
    String key =
        context
            .getBean(ApiKeys.class)
            .create(new Tenant(name), "test", EnumSet.complementOf(EnumSet.of(Scope.ADMIN)), null)
            .secret();
    return new Caller(name, key);
  }

  /** The jobs that have files in the store; those of removed ones go by and by. */
  Set<String> owners() {
    return stored("").stream()
        .map(file -> directory.resolve("store").relativize(file).getName(0).toString())
        .collect(Collectors.toSet());
  }

  /** Files in the store whose path contains a text, for example an id. */
  public List<Path> stored(String text) {
    Path store = directory.resolve("store");
    if (!Files.isDirectory(store)) {
      return List.of();
    }
    List<Path> found = new ArrayList<>();
    try {
      Files.walkFileTree(
          store,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              if (file.toString().contains(text)) {
                found.add(file);
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) {
              return FileVisitResult.CONTINUE; // deleted meanwhile
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException failure) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }

  /** Makes everything in the store older, and the database with it. */
  public void age(Duration by) {
    context
        .getBean(JdbcClient.class)
        .sql("update installation set since = since - make_interval(secs => :by)")
        .param("by", by.toSeconds())
        .update();
    for (Path file : stored("")) {
      try {
        FileTime stored = Files.getLastModifiedTime(file);
        Files.setLastModifiedTime(file, FileTime.from(stored.toInstant().minus(by)));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** What the service does now and then. */
  public HousekeepingTask chore(String name) {
    return context.getBeansOfType(HousekeepingTask.class).values().stream()
        .filter(task -> task.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  public static ConditionFactory await() {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(120))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(20));
  }

  /** A picture that the model can take apart. */
  public static byte[] picture() {
    return PngFile.encode(TestModels.picture(96));
  }

  @Override
  public void close() {
    context.close();
  }

  /** One event of a stream. */
  public record Event(long id, String name, JsonNode data) {}

  /** One tenant's way of talking to the service. */
  public final class Caller {

    private final String name;
    private final String key;

    private Caller(String name, String key) {
      this.name = name;
      this.key = key;
    }

    public String name() {
      return name;
    }

    public HttpRequest.Builder at(String path) {
      return client.at(path).header("X-API-Key", key);
    }

    public Reply get(String path, String... headers) {
      HttpRequest.Builder request = at(path);
      return client.send(headers.length == 0 ? request : request.headers(headers));
    }

    public Reply post(String path) {
      return client.send(at(path).POST(HttpRequest.BodyPublishers.noBody()));
    }

    public Reply delete(String path) {
      return client.send(at(path).DELETE());
    }

    public Reply put(String path, byte[] file) {
      return client.send(
          at(path)
              .header("Content-Type", "application/octet-stream")
              .PUT(HttpRequest.BodyPublishers.ofByteArray(file)));
    }

    public byte[] bytes(String path) {
      try {
        return client
            .http()
            .send(at(path).build(), java.net.http.HttpResponse.BodyHandlers.ofByteArray())
            .body();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }

    public Client client() {
      return client;
    }

    /**
     * Reads a stream of events until the service closes it.
     *
     * @param after number of the last event that is known; null: from the first
     */
    public List<Event> events(String path, Long after) {
      HttpRequest.Builder request = at(path + "/events");
      if (after != null) {
        request.header("Last-Event-ID", after.toString());
      }
      Reply reply = client.send(request);
      if (reply.status() != 200) {
        throw new AssertionError("The stream was not opened: " + reply);
      }
      List<Event> events = new ArrayList<>();
      long id = 0;
      String name = "";
      for (String line : reply.body().lines().toList()) {
        if (line.startsWith("id:")) {
          id = Long.parseLong(line.substring(3));
        } else if (line.startsWith("event:")) {
          name = line.substring(6);
        } else if (line.startsWith("data:")) {
          events.add(new Event(id, name, QueueFixture.JSON.readTree(line.substring(5))));
        }
      }
      return events;
    }

    /** Asks for pictures. */
    public Reply generate(String json, String... headers) {
      HttpRequest.Builder call =
          at("/generate")
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(json));
      return client.send(headers.length == 0 ? call : call.headers(headers));
    }

    /** Submits the standard picture. */
    public Reply post(String path, String json) {
      return client.send(
          at(path)
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(json)));
    }

    public Reply submit(String request, String... headers) {
      return upload("/decompositions", picture(), "fox.png", "image/png", request, headers);
    }

    /**
     * @param request JSON part; null for none
     */
    public Reply upload(
        String path,
        byte[] image,
        String fileName,
        String contentType,
        String request,
        String... headers) {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      if (request != null) {
        text(body, "--b0undary\r\nContent-Disposition: form-data; name=\"request\"\r\n");
        text(body, "Content-Type: application/json\r\n\r\n" + request + "\r\n");
      }
      String quoted = fileName.replace("\\", "\\\\").replace("\"", "%22");
      text(
          body,
          "--b0undary\r\nContent-Disposition: form-data; name=\"image\"; filename=\""
              + quoted.replace("\r", "%0D").replace("\n", "%0A")
              + "\"\r\nContent-Type: "
              + contentType
              + "\r\n\r\n");
      body.writeBytes(image);
      text(body, "\r\n--b0undary--\r\n");
      HttpRequest.Builder call =
          at(path)
              .header("Content-Type", "multipart/form-data; boundary=b0undary")
              .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray()));
      return client.send(headers.length == 0 ? call : call.headers(headers));
    }

    private void text(ByteArrayOutputStream body, String text) {
      body.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Submits and waits for the end, which must be this. */
    public JsonNode run(String request, String state) {
      return until(submit(request).header("Location"), state);
    }

    /** Polls until it is in this state. */
    public JsonNode until(String path, String state) {
      await().until(() -> get(path).json().path("state").asString(), state::equals);
      return get(path).json();
    }
  }
}
