package io.diptych.job;

import static io.diptych.job.JobRows.at;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.springframework.transaction.support.TransactionTemplate;

/** What the queue needs done now and then, by one process of the cluster at a time. */
public final class JobSweeps {

  private static final int AT_ONCE = 200;

  /** Younger holders may not have written their first heartbeat. */
  private static final Duration SETTLED = Duration.ofMinutes(1);

  /** A lane looks at its deadline after every step; the sweep is for lanes that do not. */
  private static final Duration LANE_GRACE = Duration.ofSeconds(30);

  private final JobRows rows;
  private final TransactionTemplate transaction;
  private final QueueSettings settings;
  private final TicketIssuer tickets;

  JobSweeps(
      JobRows rows, TransactionTemplate transaction, QueueSettings settings, TicketIssuer tickets) {
    this.rows = rows;
    this.transaction = transaction;
    this.settings = settings;
    this.tickets = tickets;
  }

  /**
   * Ends jobs whose deadline has passed: waiting ones at once, running ones when their lane has not
   * done it within 30 s.
   *
   * @return jobs ended
   */
  public int expire() {
    return count(
        () -> {
          Map<UUID, JobError> late =
              rows
                  .sql
                  .sql(
                      """
                      select id, started_at is null and coalesce(start_by <= :now, false)
                          as did_not_start from job
                      where state = 'QUEUED'
                          and (started_at is null and start_by <= :now or finish_by <= :now)
                      limit :limit for no key update skip locked
                      """)
                  .param("now", at(rows.now()))
                  .param("limit", AT_ONCE)
                  .query(
                      (row, number) ->
                          Map.entry(
                              row.getObject("id", UUID.class),
                              row.getBoolean("did_not_start")
                                  ? Deadlines.START_ERROR
                                  : Deadlines.FINISH_ERROR))
                  .list()
                  .stream()
                  .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
          late.forEach((id, error) -> rows.finish(id, JobState.EXPIRED, null, error));
          List<JobRows.Held> abandoned =
              rows.sql
                  .sql(
                      """
                      select * from job
                      where state = 'RUNNING' and finish_by <= :limit
                      for no key update skip locked
                      """)
                  .param("limit", at(rows.now().minus(LANE_GRACE)))
                  .query(rows::held)
                  .list();
          abandoned.forEach(
              held ->
                  rows.end(
                      held,
                      JobState.EXPIRED,
                      Attempt.Outcome.EXPIRED,
                      null,
                      Deadlines.FINISH_ERROR));
          return late.size() + abandoned.size();
        });
  }

  /**
   * Removes jobs that ended longer ago than their state is kept, and those that their owner removed
   * while a process of an older release held them: it ended them and left them.
   *
   * @param kept how long to keep each final state; states that are missing are kept for ever
   * @return jobs removed
   */
  public int removeOld(Map<JobState, Duration> kept) {
    return removeMarked()
        + kept.entrySet().stream()
            .mapToInt(entry -> removeOld(entry.getKey(), rows.now().minus(entry.getValue())))
            .sum();
  }

  private int removeMarked() {
    return count(
        () -> {
          List<Job> marked =
              rows.sql
                  .sql(
                      """
                      select * from job where removing and state = 'CANCELED'
                      limit :limit for no key update skip locked
                      """)
                  .param("limit", AT_ONCE)
                  .query(rows.job())
                  .list();
          marked.forEach(rows::delete);
          return marked.size();
        });
  }

  private int removeOld(JobState state, Instant before) {
    int removed = 0;
    int batch;
    do {
      batch =
          count(
              () -> {
                List<Job> old =
                    rows.sql
                        .sql(
                            """
                            select * from job where state = :state and finished_at < :before
                            order by finished_at limit :limit for no key update skip locked
                            """)
                        .param("state", state.name())
                        .param("before", at(before))
                        .param("limit", AT_ONCE)
                        .query(rows.job())
                        .list();
                old.forEach(rows::delete);
                return old.size();
              });
      removed += batch;
    } while (batch == AT_ONCE);
    return removed;
  }

  /**
   * Jobs that exist, of any tenant, those included that their owner removed and a lane still has.
   */
  public List<Job> existing(Collection<UUID> ids) {
    return ids.isEmpty()
        ? List.of()
        : rows.sql
            .sql("select * from job where id in (:ids)")
            .param("ids", ids)
            .query(rows.job())
            .list();
  }

  /**
   * Puts right what should not happen: waiting jobs without tickets, and running jobs whose ticket
   * is gone (someone emptied a ticket table).
   *
   * @param allTickets tickets of all kinds that exist
   * @return jobs helped
   */
  public int repair(Set<UUID> allTickets) {
    return count(
        () -> {
          Instant now = rows.now();
          List<JobRows.Held> orphans =
              rows.sql
                  .sql(
                      """
                      select * from job
                      where state in ('RUNNING', 'CANCEL_REQUESTED') and updated_at < :before
                        and not ticket = any(:tickets)
                      for no key update skip locked
                      """)
                  .param("before", at(now.minus(SETTLED)))
                  .param("tickets", allTickets.toArray(UUID[]::new))
                  .query(rows::held)
                  .list();
          for (JobRows.Held held : orphans) {
            if (held.state() == JobState.CANCEL_REQUESTED) {
              rows.end(held, JobState.CANCELED, Attempt.Outcome.CANCELED, null, null);
            } else {
              rows.failOrRepeat(
                  held, FailureReason.WORKER_LOST, "The job's ticket had disappeared.");
            }
          }
          int issued = 0;
          for (JobKind kind : JobKind.values()) {
            int missing = runnable(kind, now) - tickets.waiting(kind);
            for (int i = 0; i < missing; i++) {
              tickets.issue(kind, now);
            }
            issued += Math.max(0, missing);
          }
          return orphans.size() + issued;
        });
  }

  /**
   * Waiting jobs that could start if there were lanes; those behind a running cap need no ticket.
   */
  private int runnable(JobKind kind, Instant now) {
    return rows.sql
        .sql(
            """
            select coalesce(sum(least(waiting.jobs, greatest(0,
                coalesce(share.running_cap, :runningCap) - coalesce(running.jobs, 0)))), 0)
            from (select tenant, count(*) as jobs from job
                  where state = 'QUEUED' and kind = :kind and queued_at < :before
                  group by tenant) waiting
            join tenant_share share on share.tenant = waiting.tenant
            left join (select tenant, count(*) as jobs from job
                       where state in ('RUNNING', 'CANCEL_REQUESTED')
                       group by tenant) running on running.tenant = waiting.tenant
            """)
        .param("runningCap", settings.runningCap())
        .param("kind", kind.name())
        .param("before", at(now.minus(SETTLED)))
        .query(Integer.class)
        .single();
  }

  private int count(Supplier<Integer> work) {
    Integer done = transaction.execute(status -> work.get());
    return done == null ? 0 : done;
  }
}
