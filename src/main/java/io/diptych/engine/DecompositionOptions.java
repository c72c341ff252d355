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
    boolean gradientIsolation) {

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
   * @param subConcepts descriptions of kinds of the subject; empty: chosen from WordNet
   */
  public record Rectification(int rank, List<String> subConcepts) {
    /** Rank 10, sub-concepts from WordNet. */
    public static final Rectification DEFAULT = new Rectification(10, List.of());
  }

  /** The authors' settings for two words: 200 steps, step 150 evaluated, four rows each. */
  public static DecompositionOptions of(String contentWord, String styleWord, long seed) {
    return new DecompositionOptions(
        contentWord,
        styleWord,
        Profile.OFFICIAL_CODE,
        200,
        150,
        4,
        seed,
        true,
        true,
        Memory.DEFAULT,
        Rectification.DEFAULT,
        true);
  }
}
