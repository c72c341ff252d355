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
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** CSD-VAR on one backbone: content-style decomposition of a picture. Thread-safe. */
public final class CsdVar {

  private static final int MOST_STEPS = 10_000;
  private static final int MOST_TOKENS = 16;
  private static final int MOST_PAIRS = 16;

  private final Models models;
  private final SubConcepts subConcepts;
  private final NDManager manager;

  /**
   * The models of a backbone.
   *
   * @param backboneName name of their manifest
   * @param backboneDigest digest of their manifest
   */
  public record Models(
      Switti switti,
      Vqvae vqvae,
      CsdProgram program,
      ConceptText text,
      String backboneName,
      String backboneDigest) {}

  /**
   * The method on these models.
   *
   * @param subConcepts where the sub-concepts of a word come from when the caller gives none
   * @param manager parent of the runs' managers
   */
  public CsdVar(Models models, SubConcepts subConcepts, NDManager manager) {
    this.models = models;
    this.subConcepts = subConcepts;
    this.manager = manager;
  }

  /**
   * Checks options against the model, before anything is computed.
   *
   * @throws EngineException of kind {@code INVALID_OPTIONS} that names every option at fault
   */
  public void validate(DecompositionOptions options) {
    List<String> problems = new ArrayList<>();
    int depth = models.switti().architecture().depth();
    range(problems, "steps", options.steps(), 1, MOST_STEPS);
    range(problems, "evaluatedStep", options.evaluatedStep(), 1, options.steps());
    range(problems, "tokens", options.tokens(), 1, MOST_TOKENS);
    DecompositionOptions.Memory memory = options.memory();
    if (memory != null) {
      range(problems, "memory.pairs", memory.pairs(), 1, MOST_PAIRS);
      if (memory.blocks().isEmpty()
          || memory.blocks().stream().distinct().count() < memory.blocks().size()) {
        problems.add("memory.blocks must name at least one block, and each once");
      }
      memory.blocks().forEach(block -> range(problems, "memory.blocks", block, 0, depth - 1));
    }
    DecompositionOptions.Rectification rectification = options.rectification();
    if (rectification != null) {
      range(problems, "rectification.rank", rectification.rank(), 1, SubConcepts.MOST_LINES);
    }
    DecompositionOptions.Optimiser optimiser = options.optimiser();
    range(problems, "optimiser.alpha", optimiser.alpha(), 0, 1);
    range(problems, "optimiser.learningRate", optimiser.learningRate(), 1e-7, 1);
    range(problems, "optimiser.warmUpSteps", optimiser.warmUpSteps(), 0, MOST_STEPS);
    range(problems, "optimiser.weightDecay", optimiser.weightDecay(), 0, 10);
    range(problems, "optimiser.clipNorm", optimiser.clipNorm(), 1e-6, 1e6);
    range(problems, "optimiser.conditionDropout", optimiser.conditionDropout(), 0, 1);
    word(problems, "contentWord", options.contentWord());
    word(problems, "styleWord", options.styleWord());
    if (!problems.isEmpty()) {
      throw new EngineException(
          EngineException.Kind.INVALID_OPTIONS,
          "The options cannot be used: " + String.join("; ", problems) + ".");
    }
    Captions captions = Captions.of(options);
    models.text().checkLength(captions.full(), captions.placeholders());
    if (rectification != null) {
      checkRank(rectification.rank(), subConcepts(options));
    }
  }

  /**
   * Learns the content and the style of a picture.
   *
   * @throws RunStoppedException when the control asked to stop
   * @throws EngineException of kind {@code INVALID_OPTIONS}, {@code NUMERIC_DIVERGENCE}, {@code
   *     OUT_OF_MEMORY} or {@code DEVICE_FAILURE}
   */
  public Concept decompose(BufferedImage image, DecompositionOptions options, RunControl control) {
    validate(options);
    String pictureDigest = digest(image);
    Optional<Checkpoint> checkpoint =
        control
            .resumeFrom()
            .map(bytes -> Checkpoint.read(bytes, options, models.backboneDigest(), pictureDigest));
    SubConceptList lines = null;
    if (options.rectification() != null && checkpoint.isEmpty()) {
      lines = subConcepts(options);
    }
    NDManager runManager = manager.newSubManager();
    NDArray picture = models.vqvae().fit(runManager, image);
    try (CsdRun run =
        new CsdRun(
            models, options, picture, pictureDigest, runManager, lines, checkpoint.orElse(null))) {
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

  private SubConceptList subConcepts(DecompositionOptions options) {
    List<String> given = options.rectification().subConcepts();
    SubConcepts source = given.isEmpty() ? subConcepts : new GivenSubConcepts(given);
    return source.of(
        options.contentWord(), given.isEmpty() ? SubConcepts.USUAL_LINES : SubConcepts.MOST_LINES);
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

  private static void range(
      List<String> problems, String option, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
      problems.add(
          option
              + " is "
              + plain(value)
              + " but must be from "
              + plain(least)
              + " to "
              + plain(most));
    }
  }

  private static String plain(double value) {
    return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
  }

  private static void word(List<String> problems, String option, String words) {
    if (words.isBlank()) {
      problems.add(option + " is empty");
    } else if (words.contains("<object") || words.contains("<style")) {
      problems.add(option + " contains a placeholder of the captions");
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
