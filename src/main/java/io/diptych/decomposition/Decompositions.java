package io.diptych.decomposition;

import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobMissingException;
import io.diptych.artifact.BlobStore;
import io.diptych.http.paging.Page;
import io.diptych.http.paging.PageQuery;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.job.Attempt;
import io.diptych.job.Job;
import io.diptych.job.JobKind;
import io.diptych.job.JobState;
import io.diptych.job.Jobs;
import io.diptych.job.QueuePlace;
import io.diptych.job.Removal;
import io.diptych.job.Submission;
import io.diptych.resource.JobFilter;
import io.diptych.resource.OwnedJobs;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
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

  private final OwnedJobs jobs;
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
    this.jobs = new OwnedJobs(jobs, JobKind.DECOMPOSITION);
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
    return Objects.requireNonNull(
        transaction.execute(
            status -> {
              Job job = jobs.submit(submission);
              rows.insert(id, tenant, plan.backboneDigest(), picture.picture());
              picture.used();
              return read(job);
            }));
  }

  /**
   * The picture of a decomposition as it was taken in, a PNG.
   *
   * @return empty when its artifact was imported, so that there never was one
   * @throws ProblemException {@code not-found}, also when it was deleted meanwhile; {@code
   *     job-expired} past its retention
   */
  public Optional<byte[]> picture(String tenant, UUID id) {
    Decomposition found = require(tenant, id);
    Decomposition.Picture picture = found.picture();
    if (picture == null) {
      return Optional.empty();
    }
    if (found.artifactExpiredAt() != null) {
      throw new ProblemException(
          ProblemType.JOB_EXPIRED,
          "The picture was deleted at " + found.artifactExpiredAt() + ", past its retention.");
    }
    try {
      return Optional.of(store.read(new BlobKey(id, BlobKind.IMAGE, picture.sha256())));
    } catch (BlobMissingException e) {
      if (require(tenant, id).artifactExpiredAt() == null) {
        throw ProblemException.notFound("decomposition", id);
      }
      return picture(tenant, id); // It expired meanwhile, and is refused as that.
    }
  }

  /**
   * A decomposition of the tenant.
   *
   * @throws ProblemException {@code not-found}
   */
  public Decomposition require(String tenant, UUID id) {
    return read(jobs.require(tenant, id));
  }

  private Decomposition read(Job job) {
    DecompositionRows.Row row =
        rows.find(job.tenant(), job.id())
            .orElseThrow(() -> ProblemException.notFound("decomposition", job.id()));
    return decomposition(job, row, jobs.place(job).orElse(null), rows.previews(job.id()));
  }

  private Decomposition decomposition(
      Job job, DecompositionRows.Row row, @Nullable QueuePlace place, List<Integer> previews) {
    // The job was read before: what succeeded since then shows nothing until its next reading.
    DecompositionRows.Learned concept = job.state() == JobState.SUCCEEDED ? row.concept() : null;
    return new Decomposition(
        job,
        JSON.treeToValue(job.request(), Plan.class),
        row.image(),
        concept == null || row.expiredAt() != null
            ? null
            : new Decomposition.Artifact(concept.sha256(), concept.bytes()),
        row.expiredAt(),
        place,
        OwnedJobs.retryable(job, planner.models()),
        previews);
  }

  /** Decompositions of a tenant, newest first. */
  public Page<Decomposition> list(String tenant, JobFilter filter, PageQuery query) {
    Page<Job> page = query.page(jobs.list(tenant, filter, query), Job::id);
    Map<UUID, DecompositionRows.Row> of =
        rows.find(tenant, page.items().stream().map(Job::id).toList());
    Map<UUID, QueuePlace> places = jobs.places(page.items());
    List<Decomposition> found =
        page.items().stream()
            .filter(job -> of.containsKey(job.id())) // Else deleted between the two queries.
            .map(
                job ->
                    decomposition(
                        job,
                        Objects.requireNonNull(of.get(job.id())),
                        places.get(job.id()),
                        List.of()))
            .toList();
    return new Page<>(found, page.next());
  }

  /**
   * Every time a lane took it, oldest first.
   *
   * @throws ProblemException {@code not-found}
   */
  public List<Attempt> attempts(String tenant, UUID id) {
    return jobs.attempts(tenant, id);
  }

  /**
   * Asks for its end, as {@link OwnedJobs#cancel} does.
   *
   * @throws ProblemException {@code not-found}, {@code job-final}
   */
  public Decomposition cancel(String tenant, UUID id) {
    return read(jobs.cancel(tenant, id));
  }

  /**
   * Queues it again, as {@link OwnedJobs#retry} does.
   *
   * @throws ProblemException {@code not-found}, {@code job-final}, {@code artifact-not-ready},
   *     {@code quota-exceeded} or {@code queue-full}
   */
  public Decomposition retry(String tenant, UUID id) {
    return read(jobs.retry(tenant, id, planner.models()));
  }

  /** Reads the result of a job that succeeded. */
  public static LearnedConcept learned(JsonNode result) {
    return JSON.treeToValue(result, LearnedConcept.class);
  }

  /**
   * Deletes it with its picture, concept, previews and checkpoints, as {@link OwnedJobs#remove}
   * does.
   *
   * @throws ProblemException {@code not-found}
   */
  public Removal remove(String tenant, UUID id) {
    return jobs.remove(tenant, id);
  }
}
