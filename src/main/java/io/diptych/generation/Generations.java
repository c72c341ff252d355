package io.diptych.generation;

import io.diptych.artifact.BlobMissingException;
import io.diptych.decomposition.Concepts;
import io.diptych.engine.EngineException;
import io.diptych.engine.GenerationRequest;
import io.diptych.engine.Sampling;
import io.diptych.engine.weights.ModelManifest;
import io.diptych.http.paging.PageQuery;
import io.diptych.http.problem.FieldError;
import io.diptych.http.problem.Problem;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.job.Job;
import io.diptych.job.JobKind;
import io.diptych.job.Jobs;
import io.diptych.job.QueuePlace;
import io.diptych.job.Removal;
import io.diptych.job.Submission;
import io.diptych.model.Models;
import io.diptych.resource.JobFilter;
import io.diptych.resource.OwnedJobs;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the owner of generations can do with them. Every look-up takes the tenant: the generation of
 * another tenant does not exist.
 */
public final class Generations {

  /** Seeds up to here survive every JSON reader: 2^53 - 1. */
  public static final long MAX_SEED = (1L << 53) - 1;

  private final OwnedJobs jobs;
  private final Models models;
  private final Concepts concepts;
  private final ImageKeeper images;
  private final GenerationSettings settings;
  private final LongSupplier seeds;

  /**
   * @param seeds draws a seed from 0 to {@link #MAX_SEED}
   */
  Generations(
      Jobs jobs,
      Models models,
      Concepts concepts,
      ImageKeeper images,
      GenerationSettings settings,
      LongSupplier seeds) {
    this.jobs = new OwnedJobs(jobs, JobKind.GENERATION);
    this.models = models;
    this.concepts = concepts;
    this.images = images;
    this.settings = settings;
    this.seeds = seeds;
  }

  /**
   * Checks everything that can be checked without a device, then queues the generation.
   *
   * @throws ProblemException
   *     <ul>
   *       <li>{@code validation} when the prompt, the count, the sampling or the backbone is wrong
   *       <li>{@code unknown-artifact}, {@code artifact-not-ready}, {@code job-without-result} or
   *           {@code job-expired} about a decomposition
   *       <li>{@code incompatible-artifact} when a decomposition was learned on another model
   *       <li>{@code quota-exceeded} or {@code queue-full} when as many jobs wait as may
   *     </ul>
   */
  public Generation submit(String tenant, GenerationWish wish) {
    GenerationOrder order = order(tenant, wish);
    Submission submission =
        Submission.of(JobKind.GENERATION, tenant, order.toJson())
            .batchKey(order.batchKey())
            .modelDigest(order.modelDigest())
            .labels(wish.labels())
            .traceparent(wish.traceparent())
            .build();
    return Generation.of(jobs.submit(submission));
  }

  private GenerationOrder order(String tenant, GenerationWish wish) {
    if (wish.count() < 1 || wish.count() > settings.maxCount()) {
      throw ProblemException.invalid(
          FieldError.at("/count", "must be from 1 to " + settings.maxCount()));
    }
    atPointer(
        "/prompt",
        () ->
            GenerationRequest.checkSlots(
                wish.prompt(), wish.content() != null, wish.style() != null));
    String contentDigest = digest(tenant, wish.content());
    String styleDigest =
        Objects.equals(wish.content(), wish.style()) ? contentDigest : digest(tenant, wish.style());
    String model = model(wish, contentDigest == null ? styleDigest : contentDigest);
    ModelManifest manifest = models.manifest(model);
    requireLearnedOn(manifest, model, wish.content(), contentDigest);
    requireLearnedOn(manifest, model, wish.style(), styleDigest);
    Sampling sampling = sampling(manifest.defaults().sampling().toSampling(), wish.sampling());
    atPointer("", () -> sampling.validate(manifest.scales().size()));
    return new GenerationOrder(
        wish.prompt(),
        wish.content(),
        wish.style(),
        wish.count(),
        wish.seed() == null ? seeds.getAsLong() : wish.seed(),
        sampling,
        model,
        manifest.digest(),
        wish.strict(),
        wish.reference());
  }

  private @Nullable String digest(String tenant, @Nullable UUID decomposition) {
    return decomposition == null ? null : concepts.modelDigest(tenant, decomposition);
  }

  private String model(GenerationWish wish, @Nullable String learnedOn) {
    if (wish.backbone() != null) {
      atPointer("/backbone", () -> models.manifest(wish.backbone()));
      return wish.backbone();
    }
    if (learnedOn == null) {
      return models.standard();
    }
    return models.nameOf(learnedOn).orElse(models.standard());
  }

  private static void requireLearnedOn(
      ModelManifest manifest, String model, @Nullable UUID decomposition, @Nullable String digest) {
    if (digest != null && !digest.equals(manifest.digest())) {
      throw new ProblemException(
          ProblemType.INCOMPATIBLE_ARTIFACT,
          "The decomposition "
              + decomposition
              + " was learned on another model than "
              + model
              + ", which is to generate.");
    }
  }

  private static Sampling sampling(Sampling model, GenerationWish.SamplingWish wish) {
    return new Sampling(
        or(wish.guidanceScale(), model.guidanceScale()),
        or(wish.guidanceFromScale(), model.guidanceFromScale()),
        or(wish.guidanceToScale(), model.guidanceToScale()),
        or(wish.topK(), model.topK()),
        or(wish.topP(), model.topP()),
        or(wish.smoothFromScale(), model.smoothFromScale()),
        or(wish.lastScaleTemperature(), model.lastScaleTemperature()),
        false);
  }

  private static <T> T or(@Nullable T value, T otherwise) {
    return value == null ? otherwise : value;
  }

  private static void atPointer(String pointer, Runnable check) {
    try {
      check.run();
    } catch (EngineException e) {
      String message = String.valueOf(e.getMessage());
      throw new ProblemException(
          Problem.of(ProblemType.VALIDATION, message, List.of(FieldError.at(pointer, message))));
    }
  }

  /** A generation of the tenant. */
  public Optional<Generation> find(String tenant, UUID id) {
    return jobs.find(tenant, id).map(Generation::of);
  }

  /**
   * A generation of the tenant.
   *
   * @throws ProblemException {@code not-found}
   */
  public Generation require(String tenant, UUID id) {
    return Generation.of(jobs.require(tenant, id));
  }

  /** Generations of a tenant, newest first. */
  public List<Generation> list(String tenant, JobFilter filter, PageQuery page) {
    return jobs.list(tenant, filter, page).stream().map(Generation::of).toList();
  }

  /** Where a waiting generation stands; empty when it does not wait. */
  public Optional<QueuePlace> place(Generation generation) {
    return jobs.place(generation.job());
  }

  /**
   * Asks for its end, as {@link OwnedJobs#cancel} does.
   *
   * @throws ProblemException {@code not-found}, {@code job-final}
   */
  public Generation cancel(String tenant, UUID id) {
    return Generation.of(jobs.cancel(tenant, id));
  }

  /**
   * Deletes it with its pictures, as {@link OwnedJobs#remove} does.
   *
   * @throws ProblemException {@code not-found}
   */
  public Removal remove(String tenant, UUID id) {
    return jobs.remove(tenant, id);
  }

  /** Whether the file of a picture is still there. */
  public boolean isKept(Generation generation, GeneratedImage image) {
    return images.exists(generation.job().id(), image);
  }

  /**
   * The PNG file of a picture; the caller closes it.
   *
   * @throws ProblemException {@code job-expired} when it was removed
   */
  public InputStream open(Generation generation, GeneratedImage image) {
    try {
      return images.open(generation.job().id(), image);
    } catch (BlobMissingException e) {
      throw removed(generation, e);
    }
  }

  /**
   * The PNG file of a picture, which was compared with its digest.
   *
   * @throws ProblemException {@code job-expired} when it was removed
   */
  public byte[] read(Generation generation, GeneratedImage image) {
    try {
      return images.read(generation.job().id(), image);
    } catch (BlobMissingException e) {
      throw removed(generation, e);
    }
  }

  private static ProblemException removed(Generation generation, BlobMissingException cause) {
    return new ProblemException(
        Problem.of(ProblemType.JOB_EXPIRED, "The picture has been removed.")
            .withJob(generation.job().id()),
        null,
        cause);
  }

  /**
   * The pictures of a generation.
   *
   * @throws ProblemException {@code artifact-not-ready} or {@code job-without-result}
   */
  public static List<GeneratedImage> pictures(Generation generation) {
    if (generation.outcome() != null) {
      return generation.outcome().images();
    }
    Job job = generation.job();
    Problem problem = problem(job);
    throw new ProblemException(
        job.state().isFinal()
            ? Problem.of(ProblemType.JOB_WITHOUT_RESULT, problem.detail()).withJob(job.id())
            : problem);
  }

  /** Why a generation has no pictures. */
  public static Problem problem(Job job) {
    if (job.error() != null) {
      return Problem.stored(job.error().code(), job.error().message()).withJob(job.id());
    }
    return switch (job.state()) {
      case QUEUED, RUNNING, CANCEL_REQUESTED ->
          Problem.of(ProblemType.ARTIFACT_NOT_READY, "The pictures have not been made yet.")
              .withJob(job.id());
      default ->
          Problem.of(
                  ProblemType.JOB_WITHOUT_RESULT,
                  "The generation is " + job.state() + " and has no pictures.")
              .withJob(job.id());
    };
  }
}
