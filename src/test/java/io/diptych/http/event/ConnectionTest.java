package io.diptych.http.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.job.SettableClock;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ConnectionTest {

  private static final EventProperties PROPERTIES =
      new EventProperties(
          Duration.ofSeconds(15),
          Duration.ofMillis(500),
          Duration.ofSeconds(2),
          Duration.ofMinutes(30),
          10,
          10);

  private final SettableClock clock = new SettableClock(Instant.parse("2026-08-02T10:00:00Z"));
  private final List<StreamEvent> logged = new ArrayList<>();
  private final RecordingSink sink = new RecordingSink();
  private boolean ended;

  @Test
  void aNewClientGetsTheMilestonesAndTheNewestProgress() throws IOException {
    milestone(1);
    LongStream.rangeClosed(2, 40).forEach(this::progress);
    milestone(41);
    progress(42);

    connect(0).work(clock.instant());

    assertThat(sink.sent).containsExactly("1", "41", "42");
  }

  @Test
  void aResumingClientGetsEverythingItMissed() throws IOException {
    LongStream.rangeClosed(1, 600).forEach(this::progress);

    connect(300).work(clock.instant());

    assertThat(sink.sent).hasSize(300).startsWith("301").endsWith("600");
  }

  @Test
  void afterItsReplayAResumingClientGetsTheNewestToo() throws IOException {
    progress(1);
    progress(2);
    Connection connection = connect(1);
    connection.work(clock.instant());
    progress(3);
    progress(4);
    connection.signal();
    clock.advance(Duration.ofMillis(500));

    connection.work(clock.instant());

    assertThat(sink.sent).containsExactly("2", "4");
  }

  @Test
  void progressIsSentTwiceASecondAtMost() throws IOException {
    Connection connection = connect(0);
    for (int millis = 0; millis < 10_000; millis += 10) {
      progress(millis + 1);
      connection.signal();
      if (connection.due(clock.instant())) {
        connection.work(clock.instant());
      }
      clock.advance(Duration.ofMillis(10));
    }

    assertThat(sink.sent).hasSize(20);
  }

  @Test
  void withoutASignalTheLogIsReadAtThePoll() throws IOException {
    Connection connection = connect(0);
    connection.work(clock.instant());
    progress(1);
    clock.advance(Duration.ofMillis(1999));
    assertThat(connection.due(clock.instant())).isFalse();
    clock.advance(Duration.ofMillis(1));
    assertThat(connection.due(clock.instant())).isTrue();

    connection.work(clock.instant());

    assertThat(sink.sent).containsExactly("1");
  }

  @Test
  void aSignalDuringTheIntervalIsNotLost() throws IOException {
    Connection connection = connect(0);
    connection.work(clock.instant());
    connection.signal();
    clock.advance(Duration.ofMillis(499));
    assertThat(connection.due(clock.instant())).isFalse();
    clock.advance(Duration.ofMillis(1));

    assertThat(connection.due(clock.instant())).isTrue();
  }

  @Test
  void aSilentConnectionIsKeptAliveEveryFifteenSeconds() throws IOException {
    Connection connection = connect(0);
    for (int seconds = 0; seconds <= 60; seconds++) {
      connection.work(clock.instant());
      clock.advance(Duration.ofSeconds(1));
    }

    assertThat(sink.sent).containsExactly(":", ":", ":", ":");
  }

  @Test
  void anEventPutsTheHeartbeatOff() throws IOException {
    Connection connection = connect(0);
    connection.work(clock.instant());
    clock.advance(Duration.ofSeconds(10));
    progress(1);
    connection.work(clock.instant());
    clock.advance(Duration.ofSeconds(10));
    connection.work(clock.instant());

    assertThat(sink.sent).containsExactly("1");
  }

  @Test
  void theLastEventClosesTheConnection() throws IOException {
    milestone(1);
    ended = true;

    boolean open = connect(0).work(clock.instant());

    assertThat(open).isFalse();
    assertThat(sink.sent).containsExactly("1", "closed");
  }

  @Test
  void aSnapshotOfAnotherNameDoesNotStandInForThis() {
    List<StreamEvent> events =
        List.of(
            StreamEvent.snapshot(1, "progress", 1),
            StreamEvent.snapshot(2, "position", 2),
            StreamEvent.snapshot(3, "progress", 3));

    assertThat(Connection.newest(events)).extracting(StreamEvent::id).containsExactly(2L, 3L);
  }

  @Test
  void aClientThatHasGoneIsNoticedAtTheNextWrite() {
    Connection connection = connect(0);
    sink.gone = true;
    progress(1);

    assertThatThrownBy(() -> connection.work(clock.instant())).isInstanceOf(IOException.class);
  }

  @Test
  void aClosedConnectionIsNeverDue() {
    Connection connection = connect(0);
    connection.close();

    assertThat(connection.due(clock.instant())).isFalse();
  }

  private Connection connect(long lastEventId) {
    EventLog log =
        (after, limit) -> {
          List<StreamEvent> rest =
              logged.stream().filter(event -> event.id() > after).limit(limit).toList();
          return new EventLog.Batch(rest, ended);
        };
    return new Connection(UUID.randomUUID(), log, lastEventId, sink, PROPERTIES, clock.instant());
  }

  private void progress(long id) {
    logged.add(StreamEvent.snapshot(id, "progress", id));
  }

  private void milestone(long id) {
    logged.add(StreamEvent.milestone(id, "preview", id));
  }

  private static final class RecordingSink implements Connection.Sink {

    private final List<String> sent = new ArrayList<>();
    private boolean gone;

    @Override
    public void event(StreamEvent event) throws IOException {
      if (gone) {
        throw new IOException("Broken pipe");
      }
      sent.add(Long.toString(event.id()));
    }

    @Override
    public void heartbeat() {
      sent.add(":");
    }

    @Override
    public void close() {
      sent.add("closed");
    }
  }
}
