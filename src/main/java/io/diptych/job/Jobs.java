package io.diptych.job;

import static io.diptych.job.JobRows.at;

import com.fasterxml.uuid.NoArgGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.JsonNode;

/**
 * What the owner of a job can do with it. Every look-up takes the tenant: the job of another tenant
 * does not exist.
 */
public final class Jobs {

  private final JobRows rows;
  private final TransactionTemplate transaction;
  private final QueueSettings settings;
  private final JobSignals signals;
  private final NoArgGenerator ids;

  Jobs(
      JobRows rows,
      TransactionTemplate transaction,
      QueueSettings settings,
      JobSignals signals,
      NoArgGenerator ids) {
    this.rows = rows;
    this.transaction = transaction;
    this.settings = settings;
    this.signals = signals;
    this.ids = ids;
  }

  /**
   * Queues a job: its row and its ticket in one transaction, the caller's if there is one. Lanes
   * are woken after commit.
   *
   * @throws QueueFullException if as many jobs wait as may
   */
  public Job submit(Submission submission) {
    return transaction.execute(status -> insert(submission));
  }

  private Job insert(Submission submission) {
    Instant now = rows.now();
    admit(submission.tenant(), submission.kind(), now);
    Duration startWithin = limit(submission.startWithin(), settings.startWithin());
    Duration finishWithin = limit(submission.finishWithin(), settings.finishWithin());
    Job job =
        rows.sql
            .sql(
                """
                insert into job (
                    id, kind, tenant, state, priority, queue_order, labels, request, batch_key,
                    model_digest, config_hash, need_bytes, traceparent, created_at, queued_at,
                    updated_at, start_within_millis, finish_within_millis, start_by, finish_by)
                values (
                    :id, :kind, :tenant, 'QUEUED', :priority, :order, :labels::jsonb,
                    :request::jsonb, :batchKey, :modelDigest, :configHash, :needBytes,
                    :traceparent, :now, :now, :now, :startWithin, :finishWithin, :startBy,
                    :finishBy)
                returning *
                """)
            .param("id", idOf(submission))
            .param("kind", submission.kind().name())
            .param("tenant", submission.tenant())
            .param("priority", submission.priority())
            .param("order", at(queueOrder(now, submission.priority())))
            .param("labels", rows.json.writeValueAsString(submission.labels()))
            .param("request", rows.json.writeValueAsString(submission.request()))
            .param("batchKey", submission.batchKey())
            .param("modelDigest", submission.modelDigest())
            .param("configHash", submission.configHash())
            .param("needBytes", submission.needBytes())
            .param("traceparent", submission.traceparent())
            .param("now", at(now))
            .param("startWithin", startWithin == null ? null : startWithin.toMillis())
            .param("finishWithin", finishWithin == null ? null : finishWithin.toMillis())
            .param("startBy", startWithin == null ? null : at(now.plus(startWithin)))
            .param("finishBy", finishWithin == null ? null : at(now.plus(finishWithin)))
            .query(rows.job())
            .single();
    rows.append(job.id(), job.version(), now, JobEvent.Type.QUEUED, Map.of());
    rows.offer(job.kind(), null);
    return job;
  }

  private static @Nullable Duration limit(@Nullable Duration own, Duration standard) {
    if (own != null) {
      return own;
    }
    return standard.isZero() ? null : standard;
  }

  /** An id for a {@link Submission} whose files must be stored before it is queued. */
  public UUID newId() {
    return ids.generate();
  }

  private UUID idOf(Submission submission) {
    UUID chosen = submission.id();
    return chosen == null ? ids.generate() : chosen;
  }

  /**
   * Records a job whose result was made elsewhere: it has succeeded from the start and counts
   * against no cap.
   *
   * @param result as a runner would have left it
   */
  public Job recordSucceeded(Submission submission, JsonNode result) {
    return transaction.execute(
        status -> {
          Instant now = rows.now();
          ensureShare(submission.tenant(), now);
          Job job =
              rows.sql
                  .sql(
                      """
                      insert into job (
                          id, kind, tenant, state, priority, queue_order, labels, request,
                          model_digest, result, traceparent, created_at, queued_at, finished_at,
                          updated_at)
                      values (
                          :id, :kind, :tenant, 'SUCCEEDED', :priority, :now, :labels::jsonb,
                          :request::jsonb, :modelDigest, :result::jsonb, :traceparent, :now, :now,
                          :now, :now)
                      returning *
                      """)
                  .param("id", idOf(submission))
                  .param("kind", submission.kind().name())
                  .param("tenant", submission.tenant())
                  .param("priority", submission.priority())
                  .param("labels", rows.json.writeValueAsString(submission.labels()))
                  .param("request", rows.json.writeValueAsString(submission.request()))
                  .param("modelDigest", submission.modelDigest())
                  .param("result", rows.json.writeValueAsString(result))
                  .param("traceparent", submission.traceparent())
                  .param("now", at(now))
                  .query(rows.job())
                  .single();
          rows.announceEnd(job);
          return job;
        });
  }

  private Instant queueOrder(Instant queuedAt, int priority) {
    return queuedAt.minus(settings.ageing().multipliedBy(priority));
  }

  /** Holds the tenant's row, so that two submits at once cannot both take the last place. */
  private void admit(String tenant, JobKind kind, Instant now) {
    ensureShare(tenant, now);
    int cap =
        rows.sql
            .sql(
                """
                select coalesce(queued_cap, :default) from tenant_share
                where tenant = :tenant for no key update
                """)
            .param("default", settings.queuedCap())
            .param("tenant", tenant)
            .query(Integer.class)
            .single();
    if (waiting(tenant) >= cap) {
      throw new QueueFullException(QueueFullException.Scope.TENANT, cap, typicalRun(kind));
    }
    if (waiting(null) >= settings.totalQueuedCap()) {
      throw new QueueFullException(
          QueueFullException.Scope.SERVICE, settings.totalQueuedCap(), typicalRun(kind));
    }
  }

  private void ensureShare(String tenant, Instant now) {
    rows.sql
        .sql(
            """
            insert into tenant_share (tenant, created_at) values (:tenant, :now)
            on conflict do nothing
            """)
        .param("tenant", tenant)
        .param("now", at(now))
        .update();
  }

  private long waiting(@Nullable String tenant) {
    return rows.sql
        .sql(
            """
            select count(*) from job
            where state = 'QUEUED' and kind in (:kinds)
              and (:tenant::text is null or tenant = :tenant)
            """)
        .param("kinds", Arrays.stream(JobKind.values()).map(JobKind::name).toList())
        .param("tenant", tenant)
        .query(Long.class)
        .single();
  }

  /** Over the last jobs of a kind that succeeded by a run; imports have none. */
  static final String TYPICAL_RUN =
      """
      select coalesce(percentile_cont(0.5) within group (
          order by extract(epoch from a.ended_at - a.started_at)::float8 / a.batch_size), 1)
      from (select j.id from job j
            where j.state = 'SUCCEEDED' and j.kind = :kind
              and exists (select from attempt where job_id = j.id and outcome = 'SUCCEEDED')
            order by j.finished_at desc limit 50) recent
      join attempt a on a.job_id = recent.id and a.outcome = 'SUCCEEDED'
      """;

  /** Median duration of the last runs that succeeded; a second before there were any. */
  private Duration typicalRun(JobKind kind) {
    return rows.sql
        .sql(TYPICAL_RUN)
        .param("kind", kind.name())
        .query((row, number) -> Duration.ofMillis(Math.round(row.getDouble(1) * 1000)))
        .single();
  }

  /** A job of the tenant. */
  public Optional<Job> find(String tenant, UUID id) {
    return rows.sql
        .sql("select * from job where id = :id and tenant = :tenant and not removing")
        .param("id", id)
        .param("tenant", tenant)
        .query(rows.job())
        .optional();
  }

  /** Jobs of a tenant, newest first. */
  public List<Job> list(JobQuery query) {
    return rows.sql
        .sql(
            """
            select * from job
            where tenant = :tenant and not removing
              and (:kind::text is null or kind = :kind)
              and (:anyState or state in (:states))
              and labels @> :labels::jsonb
              and (:createdFrom::timestamptz is null or created_at >= :createdFrom)
              and (:createdBefore::timestamptz is null or created_at < :createdBefore)
              and (:before::uuid is null or id < :before::uuid)
            order by id desc limit :limit
            """)
        .param("tenant", query.tenant())
        .param("kind", query.kind() == null ? null : query.kind().name())
        .param("anyState", query.states().isEmpty())
        .param("states", query.states().isEmpty() ? List.of("") : JobRows.names(query.states()))
        .param("labels", rows.json.writeValueAsString(query.labels()))
        .param("createdFrom", at(query.createdFrom()))
        .param("createdBefore", at(query.createdBefore()))
        .param("before", query.before() == null ? null : query.before().toString())
        .param("limit", query.limit())
        .query(rows.job())
        .list();
  }

  /** Where those of these jobs that wait stand in the fair order of their kind, by their ids. */
  public Map<UUID, QueuePlace> places(JobKind kind, Collection<Job> jobs) {
    Map<UUID, QueuePlace> places = new HashMap<>();
    List<UUID> waiting =
        jobs.stream().filter(job -> job.state() == JobState.QUEUED).map(Job::id).toList();
    if (waiting.isEmpty()) {
      return places;
    }
    Duration run = typicalRun(kind);
    rows.sql
        .sql(
            """
            with waiting as (
                select id, tenant, kind, queue_order,
                    row_number() over (partition by tenant order by queue_order, id) as nth
                from job where state = 'QUEUED' and kind = :kind),
            turns as (
                select j.id, j.queue_order, j.nth, turn.served_at,
                    greatest(coalesce(turn.pass, 0), coalesce(clock.pass, 0))
                        + (j.nth - 1) / share.weight as start
                from waiting j
                join tenant_share share on share.tenant = j.tenant
                left join queue_clock clock on clock.kind = j.kind
                left join tenant_turn turn on turn.tenant = j.tenant and turn.kind = j.kind),
            placed as (
                select id, row_number() over (
                    -- A tenant's second job comes when the tenant has just been served.
                    order by start, nth > 1, served_at nulls first, queue_order, id) as position
                from turns)
            select id, position,
                (select greatest(count(*), 1) from job
                 where kind = :kind and state in ('RUNNING', 'CANCEL_REQUESTED')) as lanes
            from placed where id in (:ids)
            """)
        .param("kind", kind.name())
        .param("ids", waiting)
        .query(
            row -> {
              int position = row.getInt("position");
              places.put(
                  row.getObject("id", UUID.class),
                  new QueuePlace(
                      position, run.multipliedBy(position).dividedBy(row.getLong("lanes"))));
            });
    return places;
  }

  /** Events of a job with numbers above {@code after}, oldest first. */
  public List<JobEvent> events(String tenant, UUID id, long after, int limit) {
    return rows.sql
        .sql(
            """
            select e.* from job_event e join job j on j.id = e.job_id
            where j.id = :id and j.tenant = :tenant and not j.removing and e.seq > :after
            order by e.seq limit :limit
            """)
        .param("id", id)
        .param("tenant", tenant)
        .param("after", after)
        .param("limit", limit)
        .query(rows.event())
        .list();
  }

  /** Every time a lane took the job, oldest first. */
  public List<Attempt> attempts(String tenant, UUID id) {
    return rows.sql
        .sql(
            """
            select a.* from attempt a join job j on j.id = a.job_id
            where j.id = :id and j.tenant = :tenant and not j.removing order by a.fence
            """)
        .param("id", id)
        .param("tenant", tenant)
        .query(JobRows.attempt())
        .list();
  }

  /**
   * Cancels a waiting job, or asks the lane of a running one to stop.
   *
   * @return empty if the tenant has no such job
   */
  public Optional<Cancellation> cancel(String tenant, UUID id) {
    return transaction.execute(
        status ->
            lock(tenant, id)
                .map(
                    job ->
                        switch (job.state()) {
                          case QUEUED ->
                              new Cancellation(
                                  Cancellation.Outcome.CANCELED,
                                  rows.finish(id, JobState.CANCELED, null, null));
                          case RUNNING ->
                              new Cancellation(Cancellation.Outcome.REQUESTED, requestCancel(job));
                          case CANCEL_REQUESTED ->
                              new Cancellation(Cancellation.Outcome.REQUESTED, job);
                          case CANCELED ->
                              new Cancellation(Cancellation.Outcome.ALREADY_CANCELED, job);
                          case SUCCEEDED, FAILED, EXPIRED ->
                              new Cancellation(Cancellation.Outcome.TOO_LATE, job);
                        }));
  }

  private Job requestCancel(Job running) {
    Instant now = rows.now();
    Job job =
        rows.sql
            .sql(
                """
                update job set state = 'CANCEL_REQUESTED', cancel_requested_at = :now,
                    version = version + 1, updated_at = :now
                where id = :id and state in (:from)
                returning *
                """)
            .param("now", at(now))
            .param("id", running.id())
            .param("from", JobRows.names(JobState.CANCEL_REQUESTED.before()))
            .query(rows.job())
            .single();
    rows.append(job.id(), job.version(), now, JobEvent.Type.CANCEL_REQUESTED, Map.of());
    signals.cancelRequested(job.id());
    return job;
  }

  /**
   * Queues a job again that ended without a result, under its id. It goes on from its newest
   * checkpoint if there is one; its deadlines begin anew.
   *
   * @return empty if the tenant has no such job
   * @throws IllegalTransitionException if it has not ended, or has a result
   * @throws QueueFullException if as many jobs wait as may
   */
  public Optional<Job> retry(String tenant, UUID id) {
    return transaction.execute(status -> lock(tenant, id).map(this::requeueEnded));
  }

  private Job requeueEnded(Job ended) {
    if (!ended.state().isFinal() || !ended.state().mayBecome(JobState.QUEUED)) {
      throw new IllegalTransitionException(ended.id(), ended.state(), "retried");
    }
    Instant now = rows.now();
    admit(ended.tenant(), ended.kind(), now);
    Job job =
        rows.sql
            .sql(
                """
                update job set state = 'QUEUED', attempt = attempt + 1, retry_fence = fence,
                    alone = false, queued_at = :now, queue_order = :order, not_before = null,
                    started_at = null, finished_at = null, cancel_requested_at = null,
                    progress = null,
                    error_code = null, error_message = null, error_retryable = null,
                    start_by = :now + start_within_millis * interval '1 millisecond',
                    finish_by = :now + finish_within_millis * interval '1 millisecond',
                    version = version + 1, updated_at = :now
                where id = :id and state in (:from)
                returning *
                """)
            .param("now", at(now))
            .param("order", at(queueOrder(now, ended.priority())))
            .param("id", ended.id())
            .param("from", JobRows.names(JobState.QUEUED.before()))
            .query(rows.job())
            .single();
    rows.append(job.id(), job.version(), now, JobEvent.Type.QUEUED, Map.of("retry", true));
    rows.offer(job.kind(), null);
    return job;
  }

  /**
   * Removes a job with its events, attempts and checkpoints, and what features hang on it. One that
   * waits is canceled first. One that runs is hidden at once and its lane asked to stop; it goes in
   * the transaction that ends its run, whoever ends it.
   *
   * @return empty if the tenant has no such job
   */
  public Optional<Removal> remove(String tenant, UUID id) {
    return transaction.execute(status -> lock(tenant, id).map(this::remove));
  }

  private Removal remove(Job job) {
    return switch (job.state()) {
      case QUEUED -> {
        rows.delete(rows.finish(job.id(), JobState.CANCELED, null, null));
        yield Removal.REMOVED;
      }
      case RUNNING -> {
        requestCancel(job);
        rows.removeAtTheEnd(job.id());
        yield Removal.STOPPING;
      }
      case CANCEL_REQUESTED -> {
        rows.removeAtTheEnd(job.id());
        yield Removal.STOPPING;
      }
      case SUCCEEDED, FAILED, CANCELED, EXPIRED -> {
        rows.delete(job);
        yield Removal.REMOVED;
      }
    };
  }

  private Optional<Job> lock(String tenant, UUID id) {
    return rows.sql
        .sql(
            """
            select * from job where id = :id and tenant = :tenant and not removing
            for no key update
            """)
        .param("id", id)
        .param("tenant", tenant)
        .query(rows.job())
        .optional();
  }

  /** Whether there is no job of anyone, ended ones included. */
  public boolean isEmpty() {
    return !rows.sql.sql("select exists (select from job)").query(Boolean.class).single();
  }

  /** How much waits and runs, over all tenants. */
  public Map<JobKind, QueueDepth> depths() {
    Map<JobKind, QueueDepth> depths = new EnumMap<>(JobKind.class);
    for (JobKind kind : JobKind.values()) {
      depths.put(kind, QueueDepth.EMPTY);
    }
    rows.sql
        .sql(
            """
            select kind, count(*) filter (where state = 'QUEUED') as waiting,
                count(*) filter (where state <> 'QUEUED') as running,
                min(queued_at) filter (where state = 'QUEUED') as oldest
            from job where state in ('QUEUED', 'RUNNING', 'CANCEL_REQUESTED')
            group by kind
            """)
        .query(
            row -> {
              Instant oldest = JobRows.instant(row, "oldest");
              depths.put(
                  JobKind.valueOf(row.getString("kind")),
                  new QueueDepth(
                      row.getInt("waiting"),
                      row.getInt("running"),
                      oldest == null ? Duration.ZERO : Duration.between(oldest, rows.now())));
            });
    return depths;
  }
}
