package io.diptych.engine.csd;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.diptych.engine.Concept;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.EngineException;
import io.diptych.engine.RunControl;
import io.diptych.engine.RunStoppedException;
import io.diptych.engine.switti.Switti;
import io.diptych.engine.vqvae.Vqvae;
import io.diptych.engine.weights.ModelManifest;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** CSD-VAR on one backbone: content-style decomposition of a picture. Thread-safe. */
public final class CsdVar {

  private final Models models;
  private final WordChoice words;
  private final SubConcepts subConcepts;
  private final NDManager manager;

  /**
   * The models of a backbone.
   *
   * @param manifest which says what they are
   */
  public record Models(
      Switti switti, Vqvae vqvae, CsdProgram program, ConceptText text, ModelManifest manifest) {}

  /**
   * The method on these models.
   *
   * @param subConcepts where the sub-concepts of a word come from when the caller gives none
   * @param manager parent of the runs' managers
   */
  public CsdVar(Models models, SubConcepts subConcepts, NDManager manager) {
    this.models = models;
    this.words = new WordChoice(models);
    this.subConcepts = subConcepts;
    this.manager = manager;
  }

  /**
   * Checks options against the model, before anything is computed.
   *
   * @throws EngineException of kind {@code INVALID_OPTIONS} that names every option at fault
   */
  public void validate(DecompositionOptions options) {
    checkSizes(options);
    DecompositionOptions complete = WordChoice.generic(options);
    startRows(complete);
    if (complete.rectification() != null) {
      subConcepts(complete);
    }
  }

  /** What can be refused before anything is computed. */
  private void checkSizes(DecompositionOptions options) {
    options.validate(models.switti().architecture().depth());
    ScaleGroups groups = ScaleGroups.of(models.manifest(), options);
    if (options.scaleAware() && groups.hasNoContent()) {
      throw new EngineException(
          EngineException.Kind.INVALID_OPTIONS,
          "This model has "
              + models.manifest().scales().size()
              + " scales, and with profile "
              + options.profile()
              + " none of them speaks of content. Choose another profile, or switch scaleAware"
              + " off.");
    }
  }

  private CsdRun.StartRows startRows(DecompositionOptions options) {
    Captions captions = Captions.of(options);
    models.text().tokenize(captions.full(), captions.placeholders());
    return new CsdRun.StartRows(
        models.text().initialRows(manager, options.contentWord(), options.tokens(), true),
        models.text().initialRows(manager, options.styleWord(), options.tokens(), false));
  }

  /**
   * Learns the content and the style of a picture, having found words for it where the options
   * leave them open.
   *
   * @throws RunStoppedException when the control asked to stop
   * @throws EngineException of kind {@code INVALID_OPTIONS}, {@code NUMERIC_DIVERGENCE}, {@code
   *     OUT_OF_MEMORY} or {@code DEVICE_FAILURE}
   */
  public Concept decompose(BufferedImage image, DecompositionOptions options, RunControl control) {
    checkSizes(options);
    String pictureDigest = digest(image);
    Optional<Checkpoint> checkpoint =
        control
            .resumeFrom()
            .map(
                bytes ->
                    Checkpoint.read(bytes, options, models.manifest().digest(), pictureDigest));
    try (NDManager runManager = manager.newSubManager()) {
      NDArray picture = models.vqvae().fit(runManager, image);
      DecompositionOptions complete =
          checkpoint
              .map(known -> known.state().options())
              .orElseGet(
                  () -> words.complete(runManager, picture, options, control::stopRequested));
      CsdRun.StartRows startRows = startRows(complete);
      SubConceptList lines = null;
      if (complete.rectification() != null && checkpoint.isEmpty()) {
        endIfAsked(control);
        lines = subConcepts(complete);
        endIfAsked(control);
      }
      CsdRun run =
          new CsdRun(
              models,
              complete,
              startRows,
              picture,
              pictureDigest,
              runManager,
              lines,
              checkpoint.orElse(null));
      while (!run.isFinished()) {
        RunControl.Directive directive = control.afterStep(run.next());
        if (directive == RunControl.Directive.CHECKPOINT
            || directive == RunControl.Directive.CHECKPOINT_AND_STOP) {
          control.checkpoint(run.step(), run.checkpoint().write());
        }
        if (directive == RunControl.Directive.STOP
            || directive == RunControl.Directive.CHECKPOINT_AND_STOP) {
          throw new RunStoppedException(run.step());
        }
      }
      return run.concept();
    }
  }

  private static void endIfAsked(RunControl control) {
    if (control.stopRequested()) {
      throw new RunStoppedException(0);
    }
  }

  /** The sub-concepts of a run, enough of them for its rank. Asking may cost a call elsewhere. */
  private SubConceptList subConcepts(DecompositionOptions options) {
    String word = options.contentWord();
    int rank = options.rectification().rank();
    List<String> given = options.rectification().subConcepts();
    SubConceptList lines;
    if (given.isEmpty()) {
      lines = subConcepts.of(word, new LinesWanted(rank, SubConcepts.USUAL_LINES, this::fits));
    } else {
      lines = new GivenSubConcepts(given).of(word, LinesWanted.upTo(SubConcepts.MOST_LINES));
      lines.lines().forEach(line -> models.text().tokenize(line, List.of()));
    }
    checkRank(rank, lines);
    return lines;
  }

  private boolean fits(String line) {
    try {
      models.text().tokenize(line, List.of());
      return true;
    } catch (EngineException e) {
      return false;
    }
  }

  private static void checkRank(int rank, SubConceptList lines) {
    long distinct = lines.lines().stream().distinct().count();
    if (rank > distinct) {
      throw new EngineException(
          EngineException.Kind.INVALID_OPTIONS,
          "rectification.rank is "
              + rank
              + ", but there are only "
              + distinct
              + " different sub-concepts to span it. Give more of them or a smaller rank.");
    }
  }

  private static String digest(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    int[] rgb = image.getRGB(0, 0, width, height, null, 0, width);
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (rgb.length + 2));
    bytes.putInt(width).putInt(height).asIntBuffer().put(rgb);
    try {
      byte[] sha256 = MessageDigest.getInstance("SHA-256").digest(bytes.array());
      return HexFormat.of().formatHex(sha256);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JDK has SHA-256.", e);
    }
  }
}
