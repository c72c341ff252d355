package io.diptych.job;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Tells this process and every other one, after commit, that something happened to a job: {@code
 * NOTIFY} to wake them early. Nobody may depend on a signal; whoever waits also polls.
 */
public final class JobSignals {

  static final String CHANNEL = "diptych_job";

  private final JdbcClient sql;
  private final Map<JobKind, List<Runnable>> queueListeners = new ConcurrentHashMap<>();
  private final List<Consumer<UUID>> cancelListeners = new CopyOnWriteArrayList<>();
  private final List<Consumer<UUID>> changeListeners = new CopyOnWriteArrayList<>();
  private final Map<UUID, List<Runnable>> jobListeners = new ConcurrentHashMap<>();

  public JobSignals(JdbcClient sql) {
    this.sql = sql;
  }

  /** A listener's place in the list; closing takes it out. */
  public interface Subscription extends AutoCloseable {
    @Override
    void close();
  }

  /** Called when a job of the kind was queued, possibly by another process. */
  public Subscription onQueued(JobKind kind, Runnable listener) {
    List<Runnable> listeners =
        queueListeners.computeIfAbsent(kind, any -> new CopyOnWriteArrayList<>());
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  /** Called with the id of a running job whose owner asked for its end. */
  public Subscription onCancel(Consumer<UUID> listener) {
    cancelListeners.add(listener);
    return () -> cancelListeners.remove(listener);
  }

  /**
   * Called when the job changed: always for its end, for progress only when it runs in this
   * process. The listener must be quick; it runs on the thread that brings the news.
   */
  public Subscription onChange(UUID job, Runnable listener) {
    jobListeners.compute(
        job,
        (id, listeners) -> {
          List<Runnable> list = listeners == null ? new CopyOnWriteArrayList<>() : listeners;
          list.add(listener);
          return list;
        });
    return () ->
        jobListeners.computeIfPresent(
            job,
            (id, listeners) -> {
              listeners.remove(listener);
              return listeners.isEmpty() ? null : listeners;
            });
  }

  /** Like {@link #onChange(UUID, Runnable)}, for every job. */
  public Subscription onAnyChange(Consumer<UUID> listener) {
    changeListeners.add(listener);
    return () -> changeListeners.remove(listener);
  }

  void queued(JobKind kind) {
    broadcast(Signal.QUEUED, kind.name());
  }

  void cancelRequested(UUID job) {
    broadcast(Signal.CANCEL, job.toString());
  }

  void ended(UUID job) {
    broadcast(Signal.ENDED, job.toString());
  }

  /** Progress is for this process alone: a notification per step would queue all commits. */
  void progressed(UUID job) {
    dispatch(Signal.ENDED, job.toString());
  }

  /** Reads a notification that arrived. */
  void received(String payload) {
    int space = payload.indexOf(' ');
    if (space > 0) {
      dispatch(Signal.valueOf(payload.substring(0, space)), payload.substring(space + 1));
    }
  }

  /** Notifications may have been missed: everyone looks for themselves. */
  void resynchronise() {
    queueListeners.values().forEach(listeners -> listeners.forEach(Runnable::run));
    jobListeners.values().forEach(listeners -> listeners.forEach(Runnable::run));
  }

  private void broadcast(Signal signal, String subject) {
    // Delivered by PostgreSQL at commit, to this process too if its listener is up.
    sql.sql("select pg_notify(:channel, :payload)")
        .param("channel", CHANNEL)
        .param("payload", signal + " " + subject)
        .query(row -> {});
    JobRows.afterCommit(() -> dispatch(signal, subject));
  }

  private void dispatch(Signal signal, String subject) {
    switch (signal) {
      case QUEUED ->
          queueListeners.getOrDefault(JobKind.valueOf(subject), List.of()).forEach(Runnable::run);
      case CANCEL -> {
        UUID job = UUID.fromString(subject);
        cancelListeners.forEach(listener -> listener.accept(job));
        changed(job);
      }
      case ENDED -> changed(UUID.fromString(subject));
    }
  }

  private void changed(UUID job) {
    changeListeners.forEach(listener -> listener.accept(job));
    jobListeners.getOrDefault(job, List.of()).forEach(Runnable::run);
  }

  private enum Signal {
    QUEUED,
    CANCEL,
    ENDED
  }
}
