package io.diptych.decomposition;

import io.diptych.artifact.BlobDamagedException;
import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobMissingException;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.BlobStoreException;
import io.diptych.artifact.StoredBlob;
import io.diptych.engine.Backbone;
import io.diptych.engine.Concept;
import io.diptych.engine.csd.ConceptFile;
import io.diptych.image.PngFile;
import io.diptych.job.ClaimedJob;
import io.diptych.job.JobKind;
import io.diptych.job.LaneCapacity;
import io.diptych.model.Models;
import io.diptych.worker.JobProgress;
import io.diptych.worker.JobResult;
import io.diptych.worker.JobRunner;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Supplier;

/** Learns the concept of one picture in a lane. */
final class DecompositionRunner implements JobRunner {

  private final Models models;
  private final BlobStore store;
  private final DecompositionRows rows;
  private final int previewSteps;

  /**
   * @param previewSteps a preview every so many steps; 0: none
   */
  DecompositionRunner(Models models, BlobStore store, DecompositionRows rows, int previewSteps) {
    this.models = models;
    this.store = store;
    this.rows = rows;
    this.previewSteps = previewSteps;
  }

  @Override
  public JobKind kind() {
    return JobKind.DECOMPOSITION;
  }

  @Override
  public LaneCapacity capacity(String device) {
    return models.capacity(device);
  }

  @Override
  public boolean responds(String device) {
    return models.responds(device);
  }

  @Override
  public JobResult run(ClaimedJob job, JobProgress progress) {
    Plan plan = Decompositions.JSON.treeToValue(job.request(), Plan.class);
    BufferedImage picture = picture(job);
    Backbone backbone = models.planned(plan.backbone(), plan.backboneDigest(), progress.device());
    Previews previews = new Previews(backbone, store, rows, job, progress, previewSteps);
    Concept concept = backbone.decompose(picture, plan.options(), previews);
    StoredBlob file =
        stored(() -> store.put(job.id(), BlobKind.CONCEPT, ConceptFile.write(concept)));
    DecompositionRows.Learned learned =
        new DecompositionRows.Learned(file.key().sha256(), file.bytes(), file.stored());
    return new JobResult(
        Decompositions.JSON.valueToTree(LearnedConcept.of(concept, learned.sha256())),
        () -> rows.learned(job.id(), learned, previews.medianStepMillis()));
  }

  private BufferedImage picture(ClaimedJob job) {
    String sha256 =
        rows.find(job.tenant(), job.id())
            .map(DecompositionRows.Row::image)
            .map(Decomposition.Picture::sha256)
            .orElseThrow(() -> new IllegalStateException("The job has no picture."));
    return PngFile.decode(stored(() -> store.read(new BlobKey(job.id(), BlobKind.IMAGE, sha256))));
  }

  /** A store that is away is a failure that passes; the lane repeats the job. */
  private static <T> T stored(Supplier<T> work) {
    try {
      return work.get();
    } catch (BlobMissingException | BlobDamagedException e) {
      throw e;
    } catch (BlobStoreException e) {
      throw new UncheckedIOException(new IOException(e));
    }
  }
}
