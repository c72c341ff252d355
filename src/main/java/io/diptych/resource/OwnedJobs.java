package io.diptych.resource;

import io.diptych.http.paging.PageQuery;
import io.diptych.http.problem.Problem;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.job.Attempt;
import io.diptych.job.Cancellation;
import io.diptych.job.IllegalTransitionException;
import io.diptych.job.Job;
import io.diptych.job.JobKind;
import io.diptych.job.Jobs;
import io.diptych.job.QueueFullException;
import io.diptych.job.QueuePlace;
import io.diptych.job.Removal;
import io.diptych.job.Submission;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * The jobs of one kind as their owners see and change them; what the queue refuses is a problem.
 * Every look-up takes the tenant: the job of another tenant does not exist, nor does one of another
 * kind.
 */
public final class OwnedJobs {

  private final Jobs jobs;
  private final JobKind kind;
  private final String noun;

  public OwnedJobs(Jobs jobs, JobKind kind) {
    this.jobs = jobs;
    this.kind = kind;
    this.noun = kind.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Queues a job.
   *
   * @throws ProblemException {@code quota-exceeded} or {@code queue-full}
   */
  public Job submit(Submission submission) {
    return admitted(() -> jobs.submit(submission));
  }

  /** A job of the tenant. */
  public Optional<Job> find(String tenant, UUID id) {
    return jobs.find(tenant, id).filter(job -> job.kind() == kind);
  }

  /**
   * A job of the tenant.
   *
   * @throws ProblemException {@code not-found}
   */
  public Job require(String tenant, UUID id) {
    return find(tenant, id).orElseThrow(() -> missing(id));
  }

  /** The jobs of a tenant that pass the filter, newest first: as many as the page fetches. */
  public List<Job> list(String tenant, JobFilter filter, PageQuery page) {
    return jobs.list(filter.query(tenant, kind, page));
  }

  /** Where a job stands; empty when it does not wait. */
  public Optional<QueuePlace> place(Job job) {
    return Optional.ofNullable(places(List.of(job)).get(job.id()));
  }

  /** Where those of these jobs that wait stand, by their ids. */
  public Map<UUID, QueuePlace> places(Collection<Job> some) {
    return jobs.places(kind, some);
  }

  /** Every time a lane took the job, oldest first. */
  public List<Attempt> attempts(String tenant, UUID id) {
    return jobs.attempts(tenant, require(tenant, id).id());
  }

  /**
   * Asks for the end of a job. Asking again changes nothing.
   *
   * @return as it stands now: CANCELED, or CANCEL_REQUESTED while a lane still has it
   * @throws ProblemException {@code not-found}; {@code job-final} when it has ended in another way
   */
  public Job cancel(String tenant, UUID id) {
    require(tenant, id);
    Cancellation done = jobs.cancel(tenant, id).orElseThrow(() -> missing(id));
    if (done.outcome() == Cancellation.Outcome.TOO_LATE) {
      throw refused(
          ProblemType.JOB_FINAL, id, "is " + done.job().state() + " already; nothing was changed.");
    }
    return done.job();
  }

  /**
   * Whether {@link #retry} would queue this job again.
   *
   * @param models digests of those that are served
   */
  public static boolean retryable(Job job, Set<String> models) {
    String model = job.modelDigest();
    return switch (job.state()) {
      case FAILED, CANCELED, EXPIRED -> model == null || models.contains(model);
      default -> false;
    };
  }

  /**
   * Queues a job again that ended without a result; it goes on from its newest checkpoint. One that
   * waits or runs is left alone.
   *
   * @param models digests of those that are served; a job for another would wait in vain
   * @throws ProblemException {@code not-found}; {@code job-final} when it has succeeded or its
   *     model is gone; {@code artifact-not-ready} while it is being canceled; {@code
   *     quota-exceeded} or {@code queue-full}
   */
  public Job retry(String tenant, UUID id, Set<String> models) {
    Job before = require(tenant, id);
    return switch (before.state()) {
      case QUEUED, RUNNING -> before;
      case CANCEL_REQUESTED ->
          throw refused(
              ProblemType.ARTIFACT_NOT_READY,
              id,
              "is being canceled; it can be retried once it is.");
      case SUCCEEDED ->
          throw refused(ProblemType.JOB_FINAL, id, "has succeeded; there is nothing to retry.");
      case FAILED, CANCELED, EXPIRED -> {
        if (!retryable(before, models)) {
          throw refused(
              ProblemType.JOB_FINAL,
              id,
              "is for a model that is here no longer, so it cannot be retried; send the request"
                  + " again.");
        }
        yield requeued(tenant, id);
      }
    };
  }

  private Job requeued(String tenant, UUID id) {
    try {
      return admitted(() -> jobs.retry(tenant, id).orElseThrow(() -> missing(id)));
    } catch (IllegalTransitionException moved) {
      // The state changed since it was read; most likely another retry came first.
      return switch (moved.state()) {
        case QUEUED, RUNNING -> require(tenant, id);
        default ->
            throw refused(
                ProblemType.JOB_FINAL, id, "is " + moved.state() + " now; read it again.");
      };
    }
  }

  /**
   * Deletes a job with everything that belongs to it. One that waits is canceled first; one that
   * runs is hidden at once and goes when its lane has stopped.
   *
   * @throws ProblemException {@code not-found}
   */
  public Removal remove(String tenant, UUID id) {
    return find(tenant, id)
        .flatMap(found -> jobs.remove(tenant, id))
        .orElseThrow(() -> missing(id));
  }

  private ProblemException missing(UUID id) {
    return ProblemException.notFound(noun, id);
  }

  private ProblemException refused(ProblemType type, UUID id, String why) {
    return new ProblemException(Problem.of(type, "The " + noun + " " + why).withJob(id));
  }

  private static Job admitted(Supplier<Job> work) {
    try {
      return work.get();
    } catch (QueueFullException full) {
      throw new ProblemException(
          Problem.stored(full.code(), String.valueOf(full.getMessage())), full.retryAfter(), full);
    }
  }
}
