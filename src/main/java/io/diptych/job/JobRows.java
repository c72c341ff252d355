package io.diptych.job;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** How rows become values, and the statements that several services share. */
final class JobRows {

  private static final Logger log = LoggerFactory.getLogger(JobRows.class);

  private static final TypeReference<LinkedHashMap<String, String>> LABELS =
      new TypeReference<>() {};

  /** Postgres stores no more; values that were read compare equal to those written. */
  private static final ChronoUnit PRECISION = ChronoUnit.MICROS;

  final JdbcClient sql;
  final JsonMapper json;
  final Clock clock;
  private final QueueSettings settings;
  private final TicketIssuer tickets;
  private final JobSignals signals;
  private final List<JobRemoval> removals;
  private final Consumer<JobNotice> listener;

  JobRows(
      JdbcClient sql,
      JsonMapper json,
      Clock clock,
      QueueSettings settings,
      TicketIssuer tickets,
      JobSignals signals,
      List<JobRemoval> removals,
      Consumer<JobNotice> listener) {
    this.sql = sql;
    this.json = json;
    this.clock = clock;
    this.settings = settings;
    this.tickets = tickets;
    this.signals = signals;
    this.removals = removals;
    this.listener = listener;
  }

  Instant now() {
    return clock.instant().truncatedTo(PRECISION);
  }

  static @Nullable OffsetDateTime at(@Nullable Instant instant) {
    return instant == null ? null : instant.atOffset(ZoneOffset.UTC);
  }

  static List<String> names(Set<JobState> states) {
    return states.stream().map(JobState::name).toList();
  }

  /** Adds an event and forgets those beyond the bound. The job row already has the new version. */
  void append(UUID job, long version, Instant at, JobEvent.Type type, Map<String, ?> data) {
    sql.sql(
            """
            with trimmed as (delete from job_event where job_id = :job and seq <= :seq - :kept)
            insert into job_event (job_id, seq, at, type, data)
            values (:job, :seq, :at, :type, :data::jsonb)
            """)
        .param("job", job)
        .param("seq", version)
        .param("kept", settings.eventsKept())
        .param("at", at(at))
        .param("type", type.name())
        .param("data", json.writeValueAsString(data))
        .update();
  }

  /** Gives a job that was just put into QUEUED its ticket and tells the lanes. */
  void offer(JobKind kind, @Nullable Instant notBefore) {
    Instant now = now();
    boolean later = notBefore != null && notBefore.isAfter(now);
    tickets.issue(kind, later ? notBefore : now);
    if (!later) {
      signals.queued(kind);
    }
  }

  /** The state just became final: says so in the log, to waiting requests and to listeners. */
  void announceEnd(Job job) {
    Map<String, Object> data = new LinkedHashMap<>();
    JobError error = job.error();
    if (error != null) {
      data.put("error", error);
    }
    append(job.id(), job.version(), now(), JobEvent.Type.valueOf(job.state().name()), data);
    signals.ended(job.id());
    JobEnded ended =
        new JobEnded(
            job.id(), job.kind(), job.tenant(), job.state(), error == null ? null : error.code());
    afterCommit(() -> listener.accept(ended));
  }

  static void afterCommit(Runnable action) {
    if (TransactionSynchronizationManager.isSynchronizationActive()) {
      TransactionSynchronizationManager.registerSynchronization(
          new TransactionSynchronization() {
            @Override
            public void afterCommit() {
              runSafely(action);
            }
          });
    } else {
      runSafely(action);
    }
  }

  /** What was committed stands, whatever a listener makes of it. */
  private static void runSafely(Runnable action) {
    try {
      action.run();
    } catch (RuntimeException e) {
      log.error("A listener failed after a change of a job was committed.", e);
    }
  }

  /** Locks a job that a run holds, for the rest of the transaction. */
  Optional<Held> lockHeld(UUID job, long fence) {
    return sql.sql("select * from job where id = :id and fence = :fence for no key update")
        .param("id", job)
        .param("fence", fence)
        .query(this::held)
        .optional();
  }

  /** Failures that still count against the caps, by reason. */
  Map<FailureReason, Integer> failures(UUID job) {
    return sql
        .sql(
            """
            select a.reason, count(*) as times
            from attempt a join job j on j.id = a.job_id
            where a.job_id = :job and a.outcome = 'FAILED' and a.fence > j.retry_fence
            group by a.reason
            """)
        .param("job", job)
        .query(
            (row, number) ->
                Map.entry(FailureReason.valueOf(row.getString("reason")), row.getInt("times")))
        .list()
        .stream()
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /** A lane no longer holds the job: closes its attempt. */
  private void letGo(
      Held held,
      Instant at,
      Attempt.Outcome outcome,
      @Nullable FailureReason reason,
      @Nullable String message) {
    sql.sql(
            """
            update attempt set ended_at = :at, outcome = :outcome, reason = :reason,
                message = :message,
                last_step = (select (progress ->> 'step')::int from job where id = :job)
            where job_id = :job and fence = :fence and outcome is null
            """)
        .param("at", at(at))
        .param("outcome", outcome.name())
        .param("reason", reason == null ? null : reason.name())
        .param("message", message)
        .param("job", held.id())
        .param("fence", held.fence())
        .update();
    offerToOtherLanes(held);
  }

  /**
   * The lane that lets a job go takes the next of its kind. Jobs of another kind that the tenant's
   * cap on running jobs kept back have spent their tickets, so that no lane would look for them.
   */
  private void offerToOtherLanes(Held held) {
    boolean atItsCap =
        sql.sql(
                """
                select count(*) >= (select coalesce(min(running_cap), :runningCap)
                    from tenant_share where tenant = :tenant)
                from job where tenant = :tenant and state in ('RUNNING', 'CANCEL_REQUESTED')
                """)
            .param("tenant", held.tenant())
            .param("runningCap", settings.runningCap())
            .query(Boolean.class)
            .single();
    if (atItsCap) {
      for (JobKind kind : EnumSet.complementOf(EnumSet.of(held.kind()))) {
        if (hasQueued(held.tenant(), kind)) {
          offer(kind, null);
        }
      }
    }
  }

  private boolean hasQueued(String tenant, JobKind kind) {
    return sql.sql(
            """
            select exists (select from job
                where state = 'QUEUED' and kind = :kind and tenant = :tenant)
            """)
        .param("kind", kind.name())
        .param("tenant", tenant)
        .query(Boolean.class)
        .single();
  }

  /** Ends a job that is held. The caller has locked the row and knows that the change is legal. */
  Job end(
      Held held,
      JobState state,
      Attempt.Outcome outcome,
      @Nullable JsonNode result,
      @Nullable JobError error) {
    Instant now = now();
    letGo(held, now, outcome, null, error == null ? null : error.message());
    return finish(held.id(), state, result, error);
  }

  /**
   * Moves a job into a final state, from whichever state that is legal from. Every end passes here,
   * so a job that was removed while it ran goes here too.
   */
  Job finish(UUID id, JobState state, @Nullable JsonNode result, @Nullable JobError error) {
    Finished finished =
        sql.sql(
                """
                update job set state = :state, finished_at = :now, updated_at = :now,
                    version = version + 1, result = :result::jsonb, error_code = :code,
                    error_message = :message, error_retryable = :retryable,
                    ticket = null, ticket_version = null
                where id = :id and state in (:from)
                returning *
                """)
            .param("state", state.name())
            .param("now", at(now()))
            .param("result", result == null ? null : json.writeValueAsString(result))
            .param("code", error == null ? null : error.code())
            .param("message", error == null ? null : error.message())
            .param("retryable", error == null ? null : error.retryable())
            .param("id", id)
            .param("from", names(state.before()))
            .query(
                (row, number) ->
                    new Finished(job().mapRow(row, number), row.getBoolean("removing")))
            .single();
    announceEnd(finished.job());
    if (finished.removing()) {
      delete(finished.job());
    }
    return finished.job();
  }

  private record Finished(Job job, boolean removing) {}

  /** Hides a job that is held until {@link #finish} deletes it. */
  void removeAtTheEnd(UUID id) {
    sql.sql("update job set removing = true where id = :id").param("id", id).update();
  }

  /** Deletes an ended job with what belongs to it. */
  void delete(Job job) {
    if (!job.state().isFinal()) {
      throw new IllegalTransitionException(job.id(), job.state(), "removed");
    }
    removals.forEach(removal -> removal.removing(job));
    sql.sql("delete from job where id = :id").param("id", job.id()).update();
  }

  /**
   * A run failed: queues the job again, or ends it when the repeats for that reason are used up.
   */
  Job failOrRepeat(Held held, FailureReason reason, String message) {
    Instant now = now();
    letGo(held, now, Attempt.Outcome.FAILED, reason, message);
    AttemptFailed failed = new AttemptFailed(held.id(), held.kind(), reason);
    afterCommit(() -> listener.accept(failed));
    Map<FailureReason, Integer> failures = failures(held.id());
    int retries = settings.retries(reason);
    int times =
        failures.entrySet().stream()
            .filter(entry -> entry.getKey().countsWith(reason))
            .mapToInt(Map.Entry::getValue)
            .sum();
    if (times > retries) {
      String text = retries == 0 ? message : "%s It was tried %d times.".formatted(message, times);
      if (reason == FailureReason.NUMERIC_DIVERGENCE) {
        // A retry from the checkpoint would diverge at the same step.
        sql.sql("delete from checkpoint where job_id = :job").param("job", held.id()).update();
      }
      return finish(held.id(), JobState.FAILED, null, reason.error(text));
    }
    Duration delay = settings.delay(reason, times);
    return requeue(
        held.id(),
        true,
        reason.runsAloneAfterwards(),
        delay.isZero() ? null : now.plus(delay),
        JobEvent.Type.RETRYING,
        Map.of("reason", reason.name(), "message", message));
  }

  /** A lane that goes down gives its job back; no attempt is counted. */
  Job handBack(Held held) {
    letGo(held, now(), Attempt.Outcome.HANDED_BACK, null, null);
    return requeue(held.id(), false, false, null, JobEvent.Type.HANDED_BACK, Map.of());
  }

  /** Puts a running job back into the queue, at its old place, with a ticket of its own. */
  Job requeue(
      UUID id,
      boolean counted,
      boolean alone,
      @Nullable Instant notBefore,
      JobEvent.Type type,
      Map<String, ?> data) {
    Instant now = now();
    Job job =
        sql.sql(
                """
                update job set state = 'QUEUED', attempt = attempt + :counted,
                    alone = alone or :alone, not_before = :notBefore, ticket = null,
                    ticket_version = null, version = version + 1, updated_at = :now
                where id = :id and state = 'RUNNING'
                returning *
                """)
            .param("counted", counted ? 1 : 0)
            .param("alone", alone)
            .param("notBefore", at(notBefore))
            .param("now", at(now))
            .param("id", id)
            .query(job())
            .single();
    append(id, job.version(), now, type, data);
    offer(job.kind(), notBefore);
    return job;
  }

  RowMapper<Job> job() {
    return (row, number) ->
        new Job(
            row.getObject("id", UUID.class),
            JobKind.valueOf(row.getString("kind")),
            row.getString("tenant"),
            JobState.valueOf(row.getString("state")),
            row.getLong("version"),
            row.getInt("priority"),
            json.readValue(row.getString("labels"), LABELS),
            json.readTree(row.getString("request")),
            row.getString("batch_key"),
            row.getString("model_digest"),
            row.getString("config_hash"),
            row.getInt("attempt"),
            value(row.getString("progress"), Progress.class),
            error(row),
            tree(row.getString("result")),
            row.getString("traceparent"),
            requiredInstant(row, "created_at"),
            requiredInstant(row, "queued_at"),
            instant(row, "not_before"),
            instant(row, "started_at"),
            instant(row, "finished_at"),
            instant(row, "cancel_requested_at"),
            instant(row, "start_by"),
            instant(row, "finish_by"));
  }

  RowMapper<JobEvent> event() {
    return (row, number) ->
        new JobEvent(
            row.getLong("seq"),
            requiredInstant(row, "at"),
            JobEvent.Type.valueOf(row.getString("type")),
            json.readTree(row.getString("data")));
  }

  static RowMapper<Attempt> attempt() {
    return (row, number) -> {
      String outcome = row.getString("outcome");
      String reason = row.getString("reason");
      int lastStep = row.getInt("last_step");
      Integer step = row.wasNull() ? null : lastStep;
      return new Attempt(
          row.getInt("number"),
          row.getLong("fence"),
          row.getString("worker"),
          row.getString("lane"),
          row.getInt("batch_size"),
          requiredInstant(row, "started_at"),
          instant(row, "ended_at"),
          outcome == null ? null : Attempt.Outcome.valueOf(outcome),
          reason == null ? null : FailureReason.valueOf(reason),
          row.getString("message"),
          step);
    };
  }

  ClaimedJob claimed(ResultSet row, int number) throws SQLException {
    return new ClaimedJob(
        row.getObject("id", UUID.class),
        JobKind.valueOf(row.getString("kind")),
        row.getString("tenant"),
        json.readTree(row.getString("request")),
        json.readValue(row.getString("labels"), LABELS),
        row.getString("model_digest"),
        row.getString("config_hash"),
        row.getLong("fence"),
        row.getInt("attempt"),
        Duration.between(requiredInstant(row, "queued_at"), now()).toMillis(),
        instant(row, "finish_by"),
        row.getString("traceparent"));
  }

  Held held(ResultSet row, int number) throws SQLException {
    return new Held(
        row.getObject("id", UUID.class),
        JobKind.valueOf(row.getString("kind")),
        row.getString("tenant"),
        JobState.valueOf(row.getString("state")),
        row.getLong("fence"),
        row.getLong("ticket_version"),
        row.getString("model_digest"),
        row.getLong("need_bytes"),
        instant(row, "finish_by"));
  }

  /** The part of a row that decides what may happen to a run. */
  record Held(
      UUID id,
      JobKind kind,
      String tenant,
      JobState state,
      long fence,
      long ticketVersion,
      @Nullable String modelDigest,
      long needBytes,
      @Nullable Instant finishBy) {}

  private static @Nullable JobError error(ResultSet row) throws SQLException {
    String code = row.getString("error_code");
    return code == null
        ? null
        : new JobError(code, row.getString("error_message"), row.getBoolean("error_retryable"));
  }

  private <T> @Nullable T value(@Nullable String text, Class<T> type) {
    return text == null ? null : json.readValue(text, type);
  }

  private @Nullable JsonNode tree(@Nullable String text) {
    return text == null ? null : json.readTree(text);
  }

  static Instant requiredInstant(ResultSet row, String column) throws SQLException {
    return row.getObject(column, OffsetDateTime.class).toInstant();
  }

  static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    OffsetDateTime value = row.getObject(column, OffsetDateTime.class);
    return value == null ? null : value.toInstant();
  }
}
