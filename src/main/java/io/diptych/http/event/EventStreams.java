package io.diptych.http.event;

import io.diptych.http.access.Tenant;
import io.diptych.http.problem.Problem;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Service;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * The open event streams of this instance.
 *
 * <p>One timer looks at all of them; what is due is written by threads that end when idle, so that
 * a client that reads slowly delays nobody else.
 */
@Service
public class EventStreams implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(EventStreams.class);
  private static final Duration RECONNECT = Duration.ofSeconds(2);
  private static final Duration RETRY = Duration.ofSeconds(30);

  private final EventProperties properties;
  private final Clock clock;
  private final Map<Connection, Open> open = new ConcurrentHashMap<>();
  private @Nullable ScheduledExecutorService timer;
  private volatile boolean stopped;
  private @Nullable ExecutorService writers;

  EventStreams(EventProperties properties, Clock clock) {
    this.properties = properties;
    this.clock = clock;
  }

  private record Open(Tenant tenant, SseEmitter emitter) {}

  /**
   * Opens a stream and answers with it. The caller has made sure that it is the tenant's.
   *
   * <p>A client that resumes is sent every retained event that it missed; any other the newest
   * snapshots and every milestone. After the last event the connection is closed, and 204 tells a
   * client that comes back for more that there will be none.
   *
   * @param stream what {@link #changed} is called with
   * @param lastEventId value of the {@code Last-Event-ID} header; ignored where it is no number
   * @throws ProblemException {@code rate-limited} or {@code unavailable} when too many are open
   */
  public ResponseEntity<SseEmitter> open(
      Tenant tenant, UUID stream, EventLog eventLog, @Nullable String lastEventId) {
    long after = number(lastEventId);
    if (after > 0) {
      EventLog.Batch rest = eventLog.read(after, 1);
      if (rest.ended() && rest.events().isEmpty()) {
        return ResponseEntity.status(HttpStatus.NO_CONTENT).build();
      }
    }
    admit(tenant);
    SseEmitter emitter = greeted();
    Connection connection =
        new Connection(
            stream, eventLog, after, new EmitterSink(emitter), properties, clock.instant());
    open.put(connection, new Open(tenant, emitter));
    if (stopped) { // Perhaps since the look above, and then nobody closes this one.
      forget(connection);
      throw goingDown();
    }
    emitter.onCompletion(() -> forget(connection));
    emitter.onError(failure -> forget(connection));
    emitter.onTimeout(emitter::complete);
    return ResponseEntity.ok()
        .contentType(MediaType.TEXT_EVENT_STREAM)
        .cacheControl(CacheControl.noStore())
        .header("X-Accel-Buffering", "no")
        .body(emitter);
  }

  /** Says that the log of a stream has grown. Cheap; unknown streams are ignored. */
  public void changed(UUID stream) {
    open.keySet().stream()
        .filter(connection -> connection.stream().equals(stream))
        .forEach(Connection::signal);
  }

  /** How many streams are open. */
  public int count() {
    return open.size();
  }

  /** An emitter whose first bytes go out at once, so that clients see the stream open. */
  private SseEmitter greeted() {
    SseEmitter emitter = new SseEmitter(properties.longest().toMillis());
    try {
      emitter.send(SseEmitter.event().reconnectTime(RECONNECT.toMillis()));
    } catch (IOException impossible) {
      throw new UncheckedIOException("nothing is written before the handler returns", impossible);
    }
    return emitter;
  }

  private void admit(Tenant tenant) {
    if (stopped) {
      throw goingDown();
    }
    if (open.size() >= properties.maxStreams()) {
      throw refused(
          ProblemType.UNAVAILABLE, "This instance has as many event streams open as it can.");
    }
    long own = open.values().stream().filter(each -> each.tenant().equals(tenant)).count();
    if (own >= properties.maxStreamsPerTenant()) {
      throw refused(
          ProblemType.RATE_LIMITED,
          "The tenant has " + own + " event streams open, which is the most; poll instead.");
    }
  }

  private static ProblemException goingDown() {
    return refused(ProblemType.UNAVAILABLE, "This instance is going down.");
  }

  private static ProblemException refused(ProblemType type, String detail) {
    return new ProblemException(Problem.of(type, detail), RETRY, null);
  }

  private void forget(Connection connection) {
    connection.close();
    open.remove(connection);
  }

  /** Hands every connection that is due to a writer. */
  void tick() {
    ExecutorService pool = writers;
    Instant now = clock.instant();
    for (Map.Entry<Connection, Open> each : open.entrySet()) {
      if (pool != null && each.getKey().due(now)) {
        try {
          pool.execute(() -> write(each.getKey(), each.getValue().emitter()));
        } catch (RejectedExecutionException full) {
          log.debug("Every writer is busy; stream {} waits", each.getKey().stream());
        }
      }
    }
  }

  private void write(Connection connection, SseEmitter emitter) {
    try {
      if (!connection.work(clock.instant())) {
        forget(connection);
      }
    } catch (IOException | IllegalStateException gone) {
      // The client has left. Completing, not failing: there is nobody to tell.
      forget(connection);
      complete(emitter);
    } catch (RuntimeException failure) {
      // The log could not be read. The client reconnects and resumes where it was.
      log.warn("Stream {} is closed early", connection.stream(), failure);
      forget(connection);
      complete(emitter);
    }
  }

  /** Ends an answer that the container may have ended already, as it does when a client leaves. */
  private static void complete(SseEmitter emitter) {
    try {
      emitter.complete();
    } catch (IllegalStateException ended) {
      log.debug("The answer has ended before", ended);
    }
  }

  private static long number(@Nullable String lastEventId) {
    return lastEventId != null && lastEventId.matches("\\d{1,18}")
        ? Long.parseLong(lastEventId)
        : 0;
  }

  @Override
  public void start() {
    stopped = false;
    writers =
        new ThreadPoolExecutor(
            0, properties.maxStreams(), 30, TimeUnit.SECONDS, new SynchronousQueue<>());
    ScheduledExecutorService ticker =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "event-streams");
              thread.setDaemon(true);
              return thread;
            });
    long period = Math.max(10, properties.interval().toMillis() / 5);
    ticker.scheduleWithFixedDelay(this::safeTick, period, period, TimeUnit.MILLISECONDS);
    timer = ticker;
  }

  /** A timer whose task throws once never runs it again. */
  private void safeTick() {
    try {
      tick();
    } catch (RuntimeException | Error failure) {
      log.error("Event streams could not be looked at", failure);
    }
  }

  /**
   * Closes every stream, so that a graceful shutdown does not wait for them. The default phase is
   * the first to stop.
   */
  @Override
  public void stop() {
    stopped = true; // The web server takes requests until all that stops first has stopped.
    if (timer != null) {
      timer.shutdownNow();
      timer = null;
    }
    open.forEach(
        (connection, each) -> {
          forget(connection);
          complete(each.emitter());
        });
    if (writers != null) {
      writers.shutdownNow();
      writers = null;
    }
  }

  @Override
  public boolean isRunning() {
    return timer != null;
  }

  private record EmitterSink(SseEmitter emitter) implements Connection.Sink {

    @Override
    public void event(StreamEvent event) throws IOException {
      emitter.send(
          SseEmitter.event()
              .id(Long.toString(event.id()))
              .name(event.name())
              .data(event.data(), MediaType.APPLICATION_JSON));
    }

    @Override
    public void heartbeat() throws IOException {
      emitter.send(SseEmitter.event().comment("heartbeat"));
    }

    @Override
    public void close() {
      emitter.complete();
    }
  }
}
