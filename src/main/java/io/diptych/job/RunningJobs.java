package io.diptych.job;

import static io.diptych.job.JobRows.at;

import io.diptych.job.JobRows.Held;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.JsonNode;

/**
 * What a lane writes about the jobs it holds. Every write carries the fence of its claim and is
 * refused with {@link FenceLostException} when the job is no longer held under it.
 */
public final class RunningJobs {

  /** A checkpoint is embeddings, memories and moments: under a megabyte for every known model. */
  private static final int MAX_CHECKPOINT_BYTES = 64 << 20;

  private static final int CHECKPOINTS_KEPT = 2;

  private final JobRows rows;
  private final TransactionTemplate transaction;
  private final QueueSettings settings;
  private final JobSignals signals;

  RunningJobs(
      JobRows rows, TransactionTemplate transaction, QueueSettings settings, JobSignals signals) {
    this.rows = rows;
    this.transaction = transaction;
    this.settings = settings;
    this.signals = signals;
  }

  /**
   * Stores progress and, in the same statement, reads whether the owner asked for the end.
   *
   * @return RUNNING or CANCEL_REQUESTED
   */
  public JobState progress(ClaimedJob job, Progress progress) {
    String text = rows.json.writeValueAsString(progress);
    JobState state = write(job, text, JobEvent.Type.PROGRESS, text);
    signals.progressed(job.id());
    return state;
  }

  /**
   * Adds a preview event; the picture itself is stored by the runner.
   *
   * @param publish runs in the transaction of the event, and only while the run holds the job
   */
  public void preview(ClaimedJob job, int step, Runnable publish) {
    String data = rows.json.writeValueAsString(Map.of("step", step));
    transaction.executeWithoutResult(
        status -> {
          // Locks the row first: nobody can take the job over before both are committed.
          write(job, null, JobEvent.Type.PREVIEW, data);
          publish.run();
        });
    signals.progressed(job.id());
  }

  private JobState write(
      ClaimedJob job, @Nullable String progress, JobEvent.Type type, String data) {
    return rows.sql
        .sql(
            """
            with held as (
                update job set progress = coalesce(:progress::jsonb, progress),
                    version = version + 1, updated_at = :now
                where id = :id and fence = :fence and state in ('RUNNING', 'CANCEL_REQUESTED')
                returning id, version, state),
            logged as (
                insert into job_event (job_id, seq, at, type, data)
                select id, version, :now, :type, :data::jsonb from held),
            trimmed as (
                delete from job_event using held
                where job_id = held.id and seq <= held.version - :kept)
            select state from held
            """)
        .param("progress", progress)
        .param("now", at(rows.now()))
        .param("id", job.id())
        .param("fence", job.fence())
        .param("type", type.name())
        .param("data", data)
        .param("kept", settings.eventsKept())
        .query((row, number) -> JobState.valueOf(row.getString("state")))
        .optional()
        .orElseThrow(() -> new FenceLostException(job.id(), job.fence()));
  }

  /**
   * How jobs stand that are still held under their fence: RUNNING or CANCEL_REQUESTED. Those that
   * are missing have ended or were taken over.
   */
  public Map<ClaimedJob, JobState> held(Collection<ClaimedJob> jobs) {
    Map<ClaimedJob, JobState> held = new IdentityHashMap<>();
    rows.sql
        .sql(
            """
            select id, fence, state from job
            where id in (:ids) and state in ('RUNNING', 'CANCEL_REQUESTED')
            """)
        .param("ids", jobs.stream().map(ClaimedJob::id).collect(Collectors.toSet()))
        .query(
            row -> {
              UUID id = row.getObject("id", UUID.class);
              long fence = row.getLong("fence");
              JobState state = JobState.valueOf(row.getString("state"));
              jobs.stream()
                  .filter(job -> job.id().equals(id) && job.fence() == fence)
                  .forEach(job -> held.put(job, state));
            });
    return held;
  }

  /** Stores a checkpoint; the two newest are kept. */
  public void checkpoint(ClaimedJob job, int step, byte[] content) {
    if (content.length > MAX_CHECKPOINT_BYTES) {
      throw new IllegalArgumentException(
          "A checkpoint of %d bytes is too large; at most %d are stored."
              .formatted(content.length, MAX_CHECKPOINT_BYTES));
    }
    transaction.executeWithoutResult(
        status -> {
          requireHeld(job);
          rows.sql
              .sql(
                  """
                  insert into checkpoint (job_id, step, fence, content, created_at)
                  values (:job, :step, :fence, :content, :now)
                  on conflict (job_id, step) do update
                  set fence = excluded.fence, content = excluded.content,
                      created_at = excluded.created_at
                  """)
              .param("job", job.id())
              .param("step", step)
              .param("fence", job.fence())
              .param("content", content)
              .param("now", at(rows.now()))
              .update();
          rows.sql
              .sql(
                  """
                  delete from checkpoint where job_id = :job and step not in (
                      select step from checkpoint where job_id = :job
                      order by step desc limit :kept)
                  """)
              .param("job", job.id())
              .param("kept", CHECKPOINTS_KEPT)
              .update();
        });
  }

  /** The newest checkpoint of the job, from whichever run. */
  public Optional<Checkpoint> latestCheckpoint(UUID job) {
    return rows.sql
        .sql(
            """
            select step, content from checkpoint
            where job_id = :job order by step desc limit 1
            """)
        .param("job", job)
        .query((row, number) -> new Checkpoint(row.getInt("step"), row.getBytes("content")))
        .optional();
  }

  /**
   * What a run can go on from.
   *
   * @param step steps done
   */
  public record Checkpoint(int step, byte[] content) {}

  /**
   * Ends a job with its result, unless its owner asked for the end meanwhile.
   *
   * @param publish runs inside the transaction that ends the job, and only if it succeeds: rows of
   *     the feature become visible together with the final state or not at all
   * @return the job as it ended: SUCCEEDED or CANCELED
   */
  public Job succeed(ClaimedJob job, JsonNode result, Runnable publish) {
    return end(
        job,
        held -> {
          publish.run();
          rows.sql
              .sql("delete from checkpoint where job_id = :job")
              .param("job", held.id())
              .update();
          return rows.end(held, JobState.SUCCEEDED, Attempt.Outcome.SUCCEEDED, result, null);
        });
  }

  /**
   * Ends a run that failed: the job is queued again while repeats for the reason are left.
   *
   * @return the job after it: QUEUED, FAILED or CANCELED
   */
  public Job fail(ClaimedJob job, FailureReason reason, String message) {
    return end(job, held -> rows.failOrRepeat(held, reason, message));
  }

  /** Ends a job whose deadline to finish has passed: EXPIRED or CANCELED. */
  public Job expire(ClaimedJob job) {
    return end(
        job,
        held ->
            rows.end(
                held, JobState.EXPIRED, Attempt.Outcome.EXPIRED, null, Deadlines.FINISH_ERROR));
  }

  /**
   * Ends a run that was told to stop: CANCELED if the owner of the job asked for it. Else the
   * process goes down, or the wish was for an earlier run and told late: QUEUED, without an attempt
   * counted.
   */
  public Job handBack(ClaimedJob job) {
    return end(job, rows::handBack);
  }

  private Job end(ClaimedJob job, Function<Held, Job> whileRunning) {
    return transaction.execute(
        status -> {
          Held held = requireHeldOrEnded(job);
          return switch (held.state()) {
            case RUNNING -> whileRunning.apply(held);
            case CANCEL_REQUESTED ->
                rows.end(held, JobState.CANCELED, Attempt.Outcome.CANCELED, null, null);
            // Our own commit whose answer got lost, or the sweep of deadlines was faster.
            default -> read(held.id());
          };
        });
  }

  private void requireHeld(ClaimedJob job) {
    if (!rows.lockHeld(job.id(), job.fence()).map(held -> held.state().isHeld()).orElse(false)) {
      throw new FenceLostException(job.id(), job.fence());
    }
  }

  private Held requireHeldOrEnded(ClaimedJob job) {
    return rows.lockHeld(job.id(), job.fence())
        .filter(held -> held.state() != JobState.QUEUED)
        .orElseThrow(() -> new FenceLostException(job.id(), job.fence()));
  }

  private Job read(UUID id) {
    return rows.sql
        .sql("select * from job where id = :id")
        .param("id", id)
        .query(rows.job())
        .single();
  }
}
