package io.diptych.decomposition;

import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobMissingException;
import io.diptych.artifact.BlobStore;
import io.diptych.http.problem.Problem;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.job.Attempt;
import io.diptych.job.Cancellation;
import io.diptych.job.IllegalTransitionException;
import io.diptych.job.Job;
import io.diptych.job.JobEvent;
import io.diptych.job.JobKind;
import io.diptych.job.JobQuery;
import io.diptych.job.JobState;
import io.diptych.job.Jobs;
import io.diptych.job.QueueFullException;
import io.diptych.job.Removal;
import io.diptych.job.Submission;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the owner of a decomposition can do with it. Every look-up takes the tenant: what belongs to
 * another one does not exist.
 *
 * <p>Refusals are {@link ProblemException}s; {@code not-found} stands for everything that is not
 * the tenant's.
 */
public final class Decompositions {

  private static final Logger log = LoggerFactory.getLogger(Decompositions.class);

  private final Jobs jobs;
  private final DecompositionRows rows;
  private final BlobStore store;
  private final Planner planner;
  private final TransactionTemplate transaction;

  Decompositions(
      Jobs jobs,
      DecompositionRows rows,
      BlobStore store,
      Planner planner,
      TransactionTemplate transaction) {
    this.jobs = jobs;
    this.rows = rows;
    this.store = store;
    this.planner = planner;
    this.transaction = transaction;
  }

  /** Plans are stored as this writes them, however HTTP is configured. */
  static final JsonMapper JSON = JsonMapper.builder().build();

  /**
   * Fills the gaps of a request. Stores nothing.
   *
   * @throws ProblemException {@code validation}, with a pointer to each wrong value
   */
  public Plan plan(DecompositionRequest request) {
    return planner.plan(request);
  }

  /** What a plan would take. */
  public Estimate estimate(Plan plan) {
    return planner.estimate(plan);
  }

  /**
   * Queues a decomposition of a picture that is stored already, so that no transaction, the
   * caller's included, waits for the store.
   *
   * @throws ProblemException {@code quota-exceeded} or {@code queue-full}
   */
  public Decomposition submit(
      String tenant,
      Plan plan,
      StoredPicture picture,
      Map<String, String> labels,
      @Nullable String traceparent) {
    UUID id = picture.id();
    Submission submission =
        Submission.of(JobKind.DECOMPOSITION, tenant, JSON.valueToTree(plan))
            .id(id)
            .labels(labels)
            .modelDigest(plan.backboneDigest())
            .needBytes(estimate(plan).memoryBytes())
            .traceparent(traceparent)
            .build();
    return refusing(
        () ->
            transaction.execute(
                status -> {
                  Job job = jobs.submit(submission);
                  rows.insert(id, tenant, plan.backboneDigest(), picture.picture());
                  picture.used();
                  return read(job);
                }));
  }

  /** A decomposition of the tenant. */
  public Optional<Decomposition> find(String tenant, UUID id) {
    return job(tenant, id).map(this::read);
  }

  /**
   * The picture of a decomposition as it was taken in, a PNG.
   *
   * @return empty when its artifact was imported, so that there never was one
   * @throws ProblemException {@code not-found}, also when it was deleted meanwhile
   */
  public Optional<byte[]> picture(String tenant, UUID id) {
    Decomposition.Picture picture = require(tenant, id).picture();
    if (picture == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(store.read(new BlobKey(id, BlobKind.IMAGE, picture.sha256())));
    } catch (BlobMissingException e) {
      throw ProblemException.notFound("decomposition", id);
    }
  }

  private Optional<Job> job(String tenant, UUID id) {
    return jobs.find(tenant, id).filter(job -> job.kind() == JobKind.DECOMPOSITION);
  }

  private Decomposition require(String tenant, UUID id) {
    return find(tenant, id).orElseThrow(() -> ProblemException.notFound("decomposition", id));
  }

  private Decomposition read(Job job) {
    DecompositionRows.Row row =
        rows.find(job.tenant(), job.id())
            .orElseThrow(() -> ProblemException.notFound("decomposition", job.id()));
    return decomposition(job, row, rows.previews(job.id()));
  }

  private Decomposition decomposition(Job job, DecompositionRows.Row row, List<Integer> previews) {
    DecompositionRows.Learned concept = row.concept();
    return new Decomposition(
        job,
        JSON.treeToValue(job.request(), Plan.class),
        row.image(),
        concept == null || row.expiredAt() != null
            ? null
            : new Decomposition.Artifact(concept.sha256(), concept.bytes()),
        row.expiredAt(),
        job.state() == JobState.QUEUED ? jobs.place(job).orElse(null) : null,
        previews);
  }

  /** Decompositions of a tenant, newest first. */
  public List<Decomposition> list(JobQuery query) {
    List<Job> found = jobs.list(query);
    Map<UUID, DecompositionRows.Row> of =
        rows.find(query.tenant(), found.stream().map(Job::id).toList());
    return found.stream()
        .filter(job -> of.containsKey(job.id())) // Else deleted between the two queries.
        .map(job -> decomposition(job, Objects.requireNonNull(of.get(job.id())), List.of()))
        .toList();
  }

  /** Events with numbers above {@code after}, oldest first; none once it is deleted. */
  public List<JobEvent> events(String tenant, UUID id, long after, int limit) {
    return jobs.events(tenant, id, after, limit);
  }

  /** Every time a lane took it, oldest first. */
  public List<Attempt> attempts(String tenant, UUID id) {
    require(tenant, id);
    return jobs.attempts(tenant, id);
  }

  /**
   * Asks for its end. Asking again changes nothing.
   *
   * @return as it stands now: CANCELED, or CANCEL_REQUESTED while a lane still has it
   * @throws ProblemException {@code job-final} when it has ended in another way
   */
  public Decomposition cancel(String tenant, UUID id) {
    require(tenant, id);
    Cancellation done =
        jobs.cancel(tenant, id).orElseThrow(() -> ProblemException.notFound("decomposition", id));
    if (done.outcome() == Cancellation.Outcome.TOO_LATE) {
      throw new ProblemException(
          Problem.of(
                  ProblemType.JOB_FINAL,
                  "The decomposition is " + done.job().state() + " already; nothing was changed.")
              .withJob(id));
    }
    return read(done.job());
  }

  /**
   * Queues it again after it ended without a result; it goes on from its newest checkpoint. One
   * that waits or runs is left alone.
   *
   * @throws ProblemException {@code job-final} when it has succeeded, {@code artifact-not-ready}
   *     while it is being canceled, {@code queue-full}
   */
  public Decomposition retry(String tenant, UUID id) {
    Decomposition before = require(tenant, id);
    return switch (before.state()) {
      case QUEUED, RUNNING -> before;
      case CANCEL_REQUESTED ->
          throw new ProblemException(
              Problem.of(
                      ProblemType.ARTIFACT_NOT_READY,
                      "The decomposition is being canceled; it can be retried once it is.")
                  .withJob(id));
      case SUCCEEDED -> throw succeeded(id);
      case FAILED, CANCELED, EXPIRED ->
          refusing(
              () ->
                  jobs.retry(tenant, id)
                      .map(this::read)
                      .orElseThrow(() -> ProblemException.notFound("decomposition", id)));
    };
  }

  private static ProblemException succeeded(UUID id) {
    return new ProblemException(
        Problem.of(
                ProblemType.JOB_FINAL,
                "The decomposition has succeeded; there is nothing to retry.")
            .withJob(id));
  }

  /** Reads the result of a job that succeeded. */
  public static LearnedConcept learned(JsonNode result) {
    return JSON.treeToValue(result, LearnedConcept.class);
  }

  /**
   * Deletes it with its picture, concept, previews and checkpoints. A live one is canceled; while a
   * lane still has it, nobody can read it any more.
   */
  public Removal delete(String tenant, UUID id) {
    return job(tenant, id)
        .flatMap(found -> jobs.remove(tenant, id))
        .orElseThrow(() -> ProblemException.notFound("decomposition", id));
  }

  private static <T> T refusing(Supplier<@Nullable T> work) {
    try {
      return Objects.requireNonNull(work.get());
    } catch (QueueFullException full) {
      throw new ProblemException(
          Problem.stored(full.code(), String.valueOf(full.getMessage())), full.retryAfter(), full);
    } catch (IllegalTransitionException moved) {
      // Only a retry can meet it: the state changed since it was read.
      throw new ProblemException(
          Problem.of(
                  ProblemType.JOB_FINAL,
                  "The decomposition is " + moved.state() + " now; read it again.")
              .withJob(moved.job()));
    }
  }
}
