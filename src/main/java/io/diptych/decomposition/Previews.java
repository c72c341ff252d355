package io.diptych.decomposition;

import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.StoredBlob;
import io.diptych.engine.Backbone;
import io.diptych.engine.Concept;
import io.diptych.engine.GenerationRequest;
import io.diptych.engine.RunControl;
import io.diptych.engine.RunStoppedException;
import io.diptych.engine.StepReport;
import io.diptych.engine.csd.ConceptFile;
import io.diptych.image.PngFile;
import io.diptych.job.ClaimedJob;
import io.diptych.worker.JobProgress;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lane's run control, with a picture of the state now and then: the two concepts together, as
 * in the caption they are learned with. It costs one generated picture and must never cost the run.
 */
final class Previews implements RunControl {

  private static final Logger log = LoggerFactory.getLogger(Previews.class);

  private static final String PROMPT =
      "A " + GenerationRequest.CONTENT_SLOT + " in " + GenerationRequest.STYLE_SLOT + " style";

  private final Backbone backbone;
  private final BlobStore store;
  private final DecompositionRows rows;
  private final ClaimedJob job;
  private final JobProgress progress;
  private final int every;
  private final double[] stepMillis = new double[64];
  private int steps;
  private boolean forTheLane;
  private boolean forAPreview;

  Previews(
      Backbone backbone,
      BlobStore store,
      DecompositionRows rows,
      ClaimedJob job,
      JobProgress progress,
      int every) {
    this.backbone = backbone;
    this.store = store;
    this.rows = rows;
    this.job = job;
    this.progress = progress;
    this.every = every;
  }

  @Override
  public Directive afterStep(StepReport report) {
    stepMillis[steps++ % stepMillis.length] = report.millis();
    Directive directive = progress.control().afterStep(report);
    forTheLane = directive == Directive.CHECKPOINT || directive == Directive.CHECKPOINT_AND_STOP;
    boolean goesOn = directive == Directive.CONTINUE || directive == Directive.CHECKPOINT;
    forAPreview =
        goesOn && every > 0 && report.step() % every == 0 && report.step() < report.totalSteps();
    return forAPreview ? Directive.CHECKPOINT : directive;
  }

  @Override
  public boolean stopRequested() {
    return progress.stopRequested();
  }

  @Override
  public void checkpoint(int step, byte[] checkpoint) {
    if (forTheLane) {
      progress.control().checkpoint(step, checkpoint);
    }
    if (forAPreview && !progress.stopRequested()) {
      preview(step, checkpoint);
    }
  }

  private void preview(int step, byte[] checkpoint) {
    try {
      Concept concept = ConceptFile.ofCheckpoint(checkpoint, backbone.info().name());
      long seed = concept.metadata().options().seed();
      BufferedImage picture =
          backbone
              .generate(
                  List.of(
                      backbone.check(
                          new GenerationRequest(
                              PROMPT, concept, concept, seed, 0, backbone.defaultSampling()))),
                  progress::stopRequested)
              .get(0);
      StoredBlob blob = store.put(job.id(), BlobKind.PREVIEW, PngFile.encode(picture));
      progress.preview(step, () -> rows.preview(job.id(), step, job.fence(), blob.key().sha256()));
    } catch (RunStoppedException e) {
      log.debug("The preview of step {} is not finished; the run ends at its next step.", step);
    } catch (RuntimeException e) {
      log.warn("There is no preview of step {}; the run goes on.", step, e);
    }
  }

  @Override
  public Optional<byte[]> resumeFrom() {
    return progress.control().resumeFrom();
  }

  /** Of the last steps; 0 when none was run. */
  double medianStepMillis() {
    double[] known = Arrays.copyOf(stepMillis, Math.min(steps, stepMillis.length));
    Arrays.sort(known);
    return known.length == 0 ? 0 : known[known.length / 2];
  }
}
