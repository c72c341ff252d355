package io.diptych.job;

import static io.diptych.job.JobRows.at;

import io.diptych.job.JobRows.Held;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * The fair claim: which job a lane runs next. One claim at a time in the whole cluster (an advisory
 * lock), so that the caps and the order hold exactly.
 *
 * <p>Tenants take turns by start-time fair queueing: each has a pass that grows by 1 / weight with
 * every job taken, the smallest pass is served next, and a tenant that was idle starts at the pass
 * of the job served last. Inside a tenant the order is {@code queued_at - priority * ageing}: every
 * ageing interval of waiting is worth one level of priority, so nothing starves.
 */
public final class JobClaims {

  /** "dipt"; any number that other users of the database do not lock. */
  private static final long CLAIM_LOCK = 0x64697074L;

  /** The part of a claim's query that keeps out what may not or cannot run here and now. */
  private static final String MAY_RUN =
      """
          and (started_at is not null or start_by is null or start_by > :now)
          and (not_before is null or not_before <= :now)
          and (:anyModel or model_digest is null or model_digest in (:models))
          and need_bytes <= :freeBytes
      """;

  private final JobRows rows;
  private final TransactionTemplate transaction;
  private final QueueSettings settings;

  JobClaims(JobRows rows, TransactionTemplate transaction, QueueSettings settings) {
    this.rows = rows;
    this.transaction = transaction;
    this.settings = settings;
  }

  /**
   * Takes work for a ticket: the job it already holds if an earlier holder of the ticket died, else
   * the next job in the fair order with up to {@code batch - 1} mates.
   */
  public Claim claim(ClaimRequest request) {
    return transaction.execute(
        status -> {
          lock();
          Optional<Claim> resumed = resume(request);
          return resumed.orElseGet(() -> takeNext(request));
        });
  }

  /**
   * Puts back what a ticket held whose lane is gone: into the queue at its old place, with tickets
   * of its own, or to its end.
   *
   * @param version of the pick that is over
   */
  public void release(UUID ticket, long version) {
    transaction.executeWithoutResult(
        status ->
            rows.sql
                .sql(
                    """
                    select * from job
                    where ticket = :ticket and ticket_version <= :version
                        and state in ('RUNNING', 'CANCEL_REQUESTED')
                    order by id for no key update skip locked
                    """)
                .param("ticket", ticket)
                .param("version", version)
                .query(rows::held)
                .list()
                .forEach(job -> putBack(job, true)));
  }

  private void lock() {
    // A lane that freezes inside its claim would stop the queue: PostgreSQL ends its session.
    rows.sql
        .sql(
            """
            select set_config('idle_in_transaction_session_timeout', '10s', true),
                   set_config('lock_timeout', '10s', true)
            """)
        .query(row -> {});
    rows.sql.sql("select pg_advisory_xact_lock(:key)").param("key", CLAIM_LOCK).query(row -> {});
  }

  private Optional<Claim> resume(ClaimRequest request) {
    List<Held> held =
        rows.sql
            .sql(
                """
                select * from job
                where ticket = :ticket and state in ('RUNNING', 'CANCEL_REQUESTED')
                order by id for no key update
                """)
            .param("ticket", request.ticket())
            .query(rows::held)
            .list();
    if (held.stream().anyMatch(job -> job.ticketVersion() > request.ticketVersion())) {
      return Optional.of(new Claim.LeaseLost());
    }
    List<UUID> mayGoOn = new ArrayList<>();
    for (Held job : held) {
      // An equal version means that our own claim was committed but its answer got lost.
      boolean died = job.ticketVersion() < request.ticketVersion();
      if (putBack(job, died) && request.capacity().fits(job.modelDigest(), job.needBytes())) {
        mayGoOn.add(job.id());
      }
    }
    if (mayGoOn.isEmpty()) {
      return Optional.empty();
    }
    // Mates of a run that died go on one by one: one of them may have been the cause.
    return Optional.of(new Claim.Taken(hold(mayGoOn.subList(0, 1), request), true));
  }

  /** Ends a found job or puts it back into the queue; says whether it may go on. */
  private boolean putBack(Held job, boolean died) {
    if (job.state() == JobState.CANCEL_REQUESTED) {
      rows.end(job, JobState.CANCELED, Attempt.Outcome.CANCELED, null, null);
      return false;
    }
    if (job.finishBy() != null && !job.finishBy().isAfter(rows.now())) {
      rows.end(job, JobState.EXPIRED, Attempt.Outcome.EXPIRED, null, Deadlines.FINISH_ERROR);
      return false;
    }
    Job after =
        died
            ? rows.failOrRepeat(
                job, FailureReason.WORKER_LOST, "The worker that ran the job was lost.")
            : rows.handBack(job);
    return after.state() == JobState.QUEUED;
  }

  private Claim takeNext(ClaimRequest request) {
    while (true) {
      Optional<Candidate> next = next(request, request.capacity());
      if (next.isEmpty()) {
        boolean elsewhere =
            request.capacity().isLimited() && next(request, LaneCapacity.UNLIMITED).isPresent();
        return elsewhere ? new Claim.NotHere() : new Claim.Nothing();
      }
      List<ClaimedJob> held = hold(batch(request, next.get()), request);
      // Empty when whoever canceled what was found was faster.
      if (!held.isEmpty()) {
        return new Claim.Taken(held, false);
      }
    }
  }

  /** The found job and up to {@code batch - 1} mates; their tenants have had their turns. */
  private List<UUID> batch(ClaimRequest request, Candidate first) {
    advance(request.kind(), first.tenant(), first.start(), 1);
    List<Candidate> batch = new ArrayList<>(List.of(first));
    if (request.batch() > 1 && first.batchKey() != null && !first.alone()) {
      List<Candidate> mates = mates(request, first);
      mates.stream()
          .collect(Collectors.groupingBy(Candidate::tenant, Collectors.counting()))
          .forEach((tenant, count) -> advance(request.kind(), tenant, first.start(), count));
      batch.addAll(mates);
    }
    return batch.stream().map(Candidate::id).toList();
  }

  /** The head of the queue of the tenant whose turn it is. */
  private Optional<Candidate> next(ClaimRequest request, LaneCapacity capacity) {
    return capacity(
            rows.sql.sql(
                """
                    select head.id, share.tenant, head.batch_key, head.alone,
                        greatest(coalesce(turn.pass, 0), coalesce(clock.pass, 0)) as start
                    from tenant_share share
                    left join queue_clock clock on clock.kind = :kind
                    left join tenant_turn turn
                        on turn.tenant = share.tenant and turn.kind = :kind
                    left join (select tenant, count(*) as jobs from job
                               where state in ('RUNNING', 'CANCEL_REQUESTED')
                               group by tenant) running on running.tenant = share.tenant
                    cross join lateral (
                        select id, batch_key, alone, queue_order from job
                        where state = 'QUEUED' and kind = :kind and tenant = share.tenant
                        %s
                        order by queue_order, id limit 1) head
                    where coalesce(running.jobs, 0) < coalesce(share.running_cap, :runningCap)
                    order by start, turn.served_at nulls first, head.queue_order, head.id
                    limit 1
                    """
                    .formatted(MAY_RUN)),
            request.kind(),
            capacity)
        .query(JobClaims::candidate)
        .optional();
  }

  /** Jobs of any tenant that can share a batch with the first, in the fair order. */
  private List<Candidate> mates(ClaimRequest request, Candidate first) {
    return capacity(
            rows.sql
                .sql(
                    """
                    select mate.id, share.tenant, :batchKey as batch_key, false as alone,
                        greatest(coalesce(turn.pass, 0), coalesce(clock.pass, 0))
                            + (mate.place - 1) / share.weight as start
                    from tenant_share share
                    left join queue_clock clock on clock.kind = :kind
                    left join tenant_turn turn
                        on turn.tenant = share.tenant and turn.kind = :kind
                    left join (select tenant, count(*) as jobs from job
                               where state in ('RUNNING', 'CANCEL_REQUESTED')
                               group by tenant) running on running.tenant = share.tenant
                    cross join lateral (
                        select id, queue_order,
                            row_number() over (order by queue_order, id) as place
                        from job
                        where state = 'QUEUED' and kind = :kind and tenant = share.tenant
                          and batch_key = :batchKey and not alone and id <> :first
                        %s
                        order by queue_order, id limit :room) mate
                    where coalesce(running.jobs, 0) + mate.place
                        + (case when share.tenant = :firstTenant then 1 else 0 end)
                        <= coalesce(share.running_cap, :runningCap)
                    order by start, turn.served_at nulls first, mate.queue_order, mate.id
                    limit :room
                    """
                        .formatted(MAY_RUN))
                .param("batchKey", first.batchKey())
                .param("first", first.id())
                .param("firstTenant", first.tenant())
                .param("room", request.batch() - 1),
            request.kind(),
            request.capacity())
        .query(JobClaims::candidate)
        .list();
  }

  private JdbcClient.StatementSpec capacity(
      JdbcClient.StatementSpec statement, JobKind kind, LaneCapacity capacity) {
    return statement
        .param("kind", kind.name())
        .param("now", at(rows.now()))
        .param("runningCap", settings.runningCap())
        .param("anyModel", capacity.models().isEmpty())
        .param("models", capacity.models().isEmpty() ? List.of("") : capacity.models())
        .param("freeBytes", capacity.freeBytes());
  }

  /** The tenant was served: its next turn moves back by its share. */
  private void advance(JobKind kind, String tenant, double start, long jobs) {
    rows.sql
        .sql(
            """
            insert into queue_clock (kind, pass) values (:kind, :start)
            on conflict (kind) do update set pass = greatest(queue_clock.pass, excluded.pass)
            """)
        .param("kind", kind.name())
        .param("start", start)
        .update();
    rows.sql
        .sql(
            """
            insert into tenant_turn (tenant, kind, pass, served_at)
            select tenant, :kind, :start + :jobs / weight, :now
            from tenant_share where tenant = :tenant
            on conflict (tenant, kind) do update
            set pass = greatest(tenant_turn.pass, :start)
                    + :jobs / (select weight from tenant_share where tenant = :tenant),
                served_at = excluded.served_at
            """)
        .param("kind", kind.name())
        .param("tenant", tenant)
        .param("start", start)
        .param("jobs", (double) jobs)
        .param("now", at(rows.now()))
        .update();
  }

  /** Gives the lane those of the jobs that are queued still. */
  private List<ClaimedJob> hold(List<UUID> ids, ClaimRequest request) {
    Instant now = rows.now();
    List<Taken> taken =
        rows.sql
            .sql(
                """
                update job set state = 'RUNNING', fence = fence + 1, ticket = :ticket,
                    ticket_version = :ticketVersion, worker = :worker, lane = :lane,
                    not_before = null, started_at = coalesce(started_at, :now),
                    progress = null, version = version + 1, updated_at = :now
                where id in (:ids) and state in (:from)
                returning *
                """)
            .param("ticket", request.ticket())
            .param("ticketVersion", request.ticketVersion())
            .param("worker", request.worker())
            .param("lane", request.lane())
            .param("now", at(now))
            .param("ids", ids)
            .param("from", List.of(JobState.QUEUED.name()))
            .query((row, number) -> new Taken(rows.claimed(row, number), row.getLong("version")))
            .list();
    if (taken.isEmpty()) {
      return List.of();
    }
    rows.sql
        .sql(
            """
            insert into attempt
                (job_id, fence, number, worker, lane, batch_size, started_at)
            select id, fence, attempt, worker, lane, :size, :now from job where id in (:ids)
            """)
        .param("size", taken.size())
        .param("now", at(now))
        .param("ids", taken.stream().map(each -> each.job().id()).toList())
        .update();
    for (Taken each : taken) {
      Map<String, Object> data = new LinkedHashMap<>();
      data.put("attempt", each.job().attempt());
      data.put("batchSize", taken.size());
      rows.append(each.job().id(), each.version(), now, JobEvent.Type.STARTED, data);
    }
    return taken.stream()
        .map(Taken::job)
        .sorted(Comparator.comparingInt(job -> ids.indexOf(job.id())))
        .toList();
  }

  private static Candidate candidate(ResultSet row, int number) throws SQLException {
    return new Candidate(
        row.getObject("id", UUID.class),
        row.getString("tenant"),
        row.getString("batch_key"),
        row.getBoolean("alone"),
        row.getDouble("start"));
  }

  /**
   * A job that may be taken.
   *
   * @param start its place in the fair order
   */
  private record Candidate(
      UUID id, String tenant, @Nullable String batchKey, boolean alone, double start) {}

  private record Taken(ClaimedJob job, long version) {}
}
