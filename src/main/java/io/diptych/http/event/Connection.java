package io.diptych.http.event;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One open stream to one client: what it has been sent, and when it is due again. The clock
 * decides; the connection has no thread of its own.
 */
class Connection {

  /** Enough to replay a whole log in a few readings, little enough to hold in memory. */
  private static final int BATCH = 256;

  /** Where a connection writes; in the service an emitter, in tests a list. */
  interface Sink {
    void event(StreamEvent event) throws IOException;

    void heartbeat() throws IOException;

    void close();
  }

  private final UUID stream;
  private final EventLog log;
  private final Sink sink;
  private final EventProperties properties;
  private final boolean resumed;

  /** One thread at a time reads and writes; the others come back at the next tick. */
  private final AtomicBoolean busy = new AtomicBoolean();

  private volatile boolean signalled = true;
  private volatile boolean closed;
  private volatile Instant lastRead = Instant.MIN;
  private volatile Instant lastWrite;
  private long lastId;
  private boolean replaying = true;

  Connection(
      UUID stream,
      EventLog log,
      long lastEventId,
      Sink sink,
      EventProperties properties,
      Instant now) {
    this.stream = stream;
    this.log = log;
    this.lastId = lastEventId;
    this.resumed = lastEventId > 0;
    this.sink = sink;
    this.properties = properties;
    this.lastWrite = now;
  }

  UUID stream() {
    return stream;
  }

  /** Something may have been appended to the log. */
  void signal() {
    signalled = true;
  }

  /** Whether {@link #work} would do anything now. */
  boolean due(Instant now) {
    return !closed
        && !busy.get()
        && (readingDue(now) || now.isAfter(lastWrite.plus(properties.heartbeat())));
  }

  private boolean readingDue(Instant now) {
    Duration pause = signalled ? properties.interval() : properties.poll();
    return lastRead == Instant.MIN || !now.isBefore(lastRead.plus(pause));
  }

  /** Sends what is due. Returns false when the stream has ended. */
  boolean work(Instant now) throws IOException {
    if (!busy.compareAndSet(false, true)) {
      return true;
    }
    try {
      if (readingDue(now) && !advance(now)) {
        sink.close();
        return false;
      }
      if (!now.isBefore(lastWrite.plus(properties.heartbeat()))) {
        sink.heartbeat();
        lastWrite = now;
      }
      return true;
    } finally {
      busy.set(false);
    }
  }

  private boolean advance(Instant now) throws IOException {
    // Before reading: a signal that comes while we read asks for another reading.
    signalled = false;
    lastRead = now;
    boolean more;
    boolean ended;
    List<StreamEvent> due = new ArrayList<>();
    do {
      EventLog.Batch batch = log.read(lastId, BATCH);
      for (StreamEvent event : batch.events()) {
        due.add(event);
        lastId = Math.max(lastId, event.id());
      }
      more = batch.events().size() == BATCH;
      ended = batch.ended() && !more;
    } while (more);
    // Who resumes gets what it missed; who is new or up to date wants only where things stand.
    for (StreamEvent event : replaying && resumed ? due : newest(due)) {
      sink.event(event);
      lastWrite = now;
    }
    replaying = false;
    return !ended;
  }

  /** Leaves out snapshots that a later one of the same name stands for. */
  static List<StreamEvent> newest(List<StreamEvent> events) {
    Map<String, Long> last = new HashMap<>();
    events.stream()
        .filter(StreamEvent::supersedes)
        .forEach(event -> last.merge(event.name(), event.id(), Math::max));
    return events.stream()
        .filter(event -> !event.supersedes() || last.get(event.name()) == event.id())
        .toList();
  }

  void close() {
    closed = true;
  }
}
