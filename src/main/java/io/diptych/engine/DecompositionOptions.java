package io.diptych.engine;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Options of one decomposition. Defaults are those of the authors' code ({@code OFFICIAL_CODE}).
 *
 * @param contentWord word(s) for the subject, for example {@code fox}
 * @param styleWord word(s) for the style, for example {@code digital glitch art}
 * @param profile which reading of the paper sets scales and losses
 * @param steps optimisation steps to run
 * @param evaluatedStep the step whose state becomes the concept, at most {@code steps}
 * @param tokens learned rows per concept and text encoder
 * @param seed of flips, condition dropout and initial memories
 * @param horizontalFlip whether the picture is mirrored at random
 * @param scaleAware alternate style and content steps over their own scales; off: one joint loss
 * @param memory augmented K-V memories; null switches them off
 * @param rectification SVD rectification of the style; null switches it off
 * @param gradientIsolation a step changes only the group it is about; false follows the authors'
 *     code
 * @param optimiser numbers of the optimisation
 */
public record DecompositionOptions(
    String contentWord,
    String styleWord,
    Profile profile,
    int steps,
    int evaluatedStep,
    int tokens,
    long seed,
    boolean horizontalFlip,
    boolean scaleAware,
    @Nullable Memory memory,
    @Nullable Rectification rectification,
    boolean gradientIsolation,
    Optimiser optimiser) {

  /** Which scales count as style and which as content. */
  public enum Profile {
    /** Style 1 to 3, content 4 to K: what the published numbers come from. */
    OFFICIAL_CODE,
    /** Style 1 to 3 and K, content 4 to K-1: what the paper says. */
    PAPER
  }

  /**
   * Augmented K-V memories.
   *
   * @param blocks transformer blocks that get them, 0-based
   * @param pairs key-value pairs per concept and block
   */
  public record Memory(List<Integer> blocks, int pairs) {
    /** One pair in the first block, as in the paper. */
    public static final Memory DEFAULT = new Memory(List.of(0), 1);
  }

  /**
   * SVD rectification.
   *
   * @param rank r, singular directions removed from the style
   * @param subConcepts descriptions of kinds of the subject; empty: from the configured source
   * @param space where the directions are measured
   */
  public record Rectification(int rank, List<String> subConcepts, Space space) {
    /** Rank 10, sub-concepts from the configured source, the authors' space. */
    public static final Rectification DEFAULT = new Rectification(10, List.of(), Space.JOINT);

    /** Spaces of sub-concept embeddings (backbones.md 5.5). */
    public enum Space {
      /** After the encoder's text projection, as in the authors' code. */
      JOINT,
      /** The hidden states themselves, where the rectification is applied. */
      HIDDEN
    }
  }

  /**
   * Numbers of the optimisation (backbones.md 5.3).
   *
   * @param alpha weight of the other scales in a style step
   * @param learningRate of AdamW after the warm-up
   * @param warmUpSteps over which the rate grows linearly, from 0.5 %
   * @param weightDecay decoupled
   * @param clipNorm bound of the global gradient norm
   * @param conditionDropout how often the pooled text is replaced by that of the empty prompt
   */
  public record Optimiser(
      double alpha,
      double learningRate,
      int warmUpSteps,
      double weightDecay,
      double clipNorm,
      double conditionDropout) {
    /** The authors' numbers. */
    public static final Optimiser DEFAULT = new Optimiser(0.1, 1e-2, 50, 0.05, 1, 0.1);
  }

  /**
   * The authors' settings for two words, with four rows each. Their code runs 200 steps and
   * evaluates the state after step 150; later steps change nothing about it, so 150 are run.
   */
  public static DecompositionOptions of(String contentWord, String styleWord, long seed) {
    return new DecompositionOptions(
        contentWord,
        styleWord,
        Profile.OFFICIAL_CODE,
        150,
        150,
        4,
        seed,
        true,
        true,
        Memory.DEFAULT,
        Rectification.DEFAULT,
        true,
        Optimiser.DEFAULT);
  }
}
