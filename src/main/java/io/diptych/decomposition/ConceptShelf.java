package io.diptych.decomposition;

import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.StoredBlob;
import io.diptych.engine.Concept;
import io.diptych.engine.csd.ConceptFile;
import io.diptych.http.problem.Problem;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.job.Job;
import io.diptych.job.JobKind;
import io.diptych.job.Jobs;
import io.diptych.resource.OwnedJobs;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** What decompositions left: concepts as files and as values, and previews. */
public final class ConceptShelf implements Concepts {

  private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);

  private final OwnedJobs jobs;
  private final DecompositionRows rows;
  private final BlobStore store;
  private final Map<BlobKey, Concept> cache;

  /**
   * @param cached most concepts kept in memory
   */
  ConceptShelf(Jobs jobs, DecompositionRows rows, BlobStore store, int cached) {
    this.jobs = new OwnedJobs(jobs, JobKind.DECOMPOSITION);
    this.rows = rows;
    this.store = store;
    this.cache = new RecentlyUsed(cached);
  }

  private static final class RecentlyUsed extends LinkedHashMap<BlobKey, Concept> {
    private static final long serialVersionUID = 1;
    private final int most;

    RecentlyUsed(int most) {
      super(16, 0.75f, true);
      this.most = most;
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<BlobKey, Concept> eldest) {
      return size() > most;
    }
  }

  @Override
  public Concept find(String tenant, UUID id) {
    BlobKey key = artifact(tenant, id, ProblemType.UNKNOWN_ARTIFACT).key();
    synchronized (cache) {
      Concept known = cache.get(key);
      if (known != null) {
        return known;
      }
    }
    Concept read = ConceptFile.read(store.read(key));
    synchronized (cache) {
      cache.put(key, read);
    }
    return read;
  }

  @Override
  public String modelDigest(String tenant, UUID id) {
    artifact(tenant, id, ProblemType.UNKNOWN_ARTIFACT);
    return Decompositions.JSON
        .treeToValue(require(tenant, id, ProblemType.UNKNOWN_ARTIFACT).request(), Plan.class)
        .backboneDigest();
  }

  /**
   * The file of a decomposition's concept.
   *
   * @throws ProblemException as {@link #find}, with {@code not-found} for what is unknown
   */
  public StoredBlob artifact(String tenant, UUID id) {
    return artifact(tenant, id, ProblemType.NOT_FOUND);
  }

  private StoredBlob artifact(String tenant, UUID id, ProblemType unknown) {
    Job job = require(tenant, id, unknown);
    switch (job.state()) {
      case QUEUED, RUNNING, CANCEL_REQUESTED ->
          throw new ProblemException(
                  Problem.of(
                          ProblemType.ARTIFACT_NOT_READY,
                          "The decomposition is " + job.state() + ".")
                      .withJob(id))
              .retryAfter(LOOK_AGAIN);
      case FAILED, CANCELED, EXPIRED ->
          throw new ProblemException(
              Problem.of(
                      ProblemType.JOB_WITHOUT_RESULT, "The decomposition is " + job.state() + ".")
                  .withJob(id));
      case SUCCEEDED -> {}
    }
    DecompositionRows.Row row = rows.find(tenant, id).orElseThrow(() -> missing(unknown, id));
    DecompositionRows.Learned concept = row.concept();
    if (concept == null) {
      throw missing(unknown, id);
    }
    requireKept(row, "artifact");
    return new StoredBlob(
        new BlobKey(id, BlobKind.CONCEPT, concept.sha256()), concept.bytes(), concept.at());
  }

  private static void requireKept(DecompositionRows.Row row, String what) {
    if (row.expiredAt() != null) {
      throw new ProblemException(
          Problem.of(
                  ProblemType.JOB_EXPIRED,
                  "The " + what + " was deleted at " + row.expiredAt() + ".")
              .withJob(row.id()));
    }
  }

  private Job require(String tenant, UUID id, ProblemType unknown) {
    return jobs.find(tenant, id).orElseThrow(() -> missing(unknown, id));
  }

  private static ProblemException missing(ProblemType type, UUID id) {
    return type == ProblemType.NOT_FOUND
        ? ProblemException.notFound("decomposition", id)
        : new ProblemException(type, "There is no decomposition " + id + ".");
  }

  /**
   * The preview of a step.
   *
   * @throws ProblemException {@code not-found}, {@code job-expired}
   */
  public StoredBlob preview(String tenant, UUID id, int step) {
    require(tenant, id, ProblemType.NOT_FOUND);
    requireKept(
        rows.find(tenant, id).orElseThrow(() -> missing(ProblemType.NOT_FOUND, id)), "preview");
    return rows.preview(id, step)
        .flatMap(sha256 -> store.find(new BlobKey(id, BlobKind.PREVIEW, sha256)))
        .orElseThrow(() -> ProblemException.notFound("preview of step", step));
  }
}
