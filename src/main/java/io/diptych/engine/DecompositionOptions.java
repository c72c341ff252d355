package io.diptych.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Options of one decomposition. Defaults are those of the authors' code ({@code OFFICIAL_CODE}).
 *
 * @param contentWord word(s) for the subject, for example {@code fox}; null: the model finds one
 *     for the picture. Those of a concept are never null
 * @param styleWord word(s) for the style, for example {@code digital glitch art}; null as above
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
 *     code in everything (backbones.md 5.4 a to d)
 * @param optimiser numbers of the optimisation
 */
public record DecompositionOptions(
    @Nullable String contentWord,
    @Nullable String styleWord,
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

  private static final int MOST_STEPS = 10_000;
  private static final int MOST_TOKENS = 16;
  private static final int MOST_PAIRS = 16;
  private static final int MOST_RANK = 500;

  /** Which scales count as style and which as content. */
  public enum Profile {
    /** Style 1 to 3, content 4 to K: what the published numbers come from. */
    OFFICIAL_CODE,
    /** Style 1 to 3 and K, content 4 to K-1: what the paper says. */
    PAPER,
    /** Each scale by as much as it was seen to tell of either, for models that were measured. */
    MEASURED
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
  public static DecompositionOptions of(
      @Nullable String contentWord, @Nullable String styleWord, long seed) {
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

  /** The same options, with these words where they leave any open. */
  public DecompositionOptions orWords(@Nullable String content, @Nullable String style) {
    return toBuilder()
        .contentWord(contentWord == null ? content : contentWord)
        .styleWord(styleWord == null ? style : styleWord)
        .build();
  }

  /** These options, to change some of them. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** Options in the making; each method changes the component of its name. */
  public static final class Builder {

    private @Nullable String contentWord;
    private @Nullable String styleWord;
    private Profile profile;
    private int steps;
    private int evaluatedStep;
    private int tokens;
    private long seed;
    private boolean horizontalFlip;
    private boolean scaleAware;
    private @Nullable Memory memory;
    private @Nullable Rectification rectification;
    private boolean gradientIsolation;
    private Optimiser optimiser;

    private Builder(DecompositionOptions start) {
      this.contentWord = start.contentWord;
      this.styleWord = start.styleWord;
      this.profile = start.profile;
      this.steps = start.steps;
      this.evaluatedStep = start.evaluatedStep;
      this.tokens = start.tokens;
      this.seed = start.seed;
      this.horizontalFlip = start.horizontalFlip;
      this.scaleAware = start.scaleAware;
      this.memory = start.memory;
      this.rectification = start.rectification;
      this.gradientIsolation = start.gradientIsolation;
      this.optimiser = start.optimiser;
    }

    public Builder contentWord(@Nullable String contentWord) {
      this.contentWord = contentWord;
      return this;
    }

    public Builder styleWord(@Nullable String styleWord) {
      this.styleWord = styleWord;
      return this;
    }

    public Builder profile(Profile profile) {
      this.profile = profile;
      return this;
    }

    public Builder steps(int steps) {
      this.steps = steps;
      return this;
    }

    public Builder evaluatedStep(int evaluatedStep) {
      this.evaluatedStep = evaluatedStep;
      return this;
    }

    public Builder tokens(int tokens) {
      this.tokens = tokens;
      return this;
    }

    public Builder seed(long seed) {
      this.seed = seed;
      return this;
    }

    public Builder horizontalFlip(boolean horizontalFlip) {
      this.horizontalFlip = horizontalFlip;
      return this;
    }

    public Builder scaleAware(boolean scaleAware) {
      this.scaleAware = scaleAware;
      return this;
    }

    public Builder memory(@Nullable Memory memory) {
      this.memory = memory;
      return this;
    }

    public Builder rectification(@Nullable Rectification rectification) {
      this.rectification = rectification;
      return this;
    }

    public Builder gradientIsolation(boolean gradientIsolation) {
      this.gradientIsolation = gradientIsolation;
      return this;
    }

    public Builder optimiser(Optimiser optimiser) {
      this.optimiser = optimiser;
      return this;
    }

    /** Runs this many steps and keeps the state after the last. */
    public Builder stepsToTheEnd(int steps) {
      return steps(steps).evaluatedStep(steps);
    }

    public DecompositionOptions build() {
      return new DecompositionOptions(
          contentWord,
          styleWord,
          profile,
          steps,
          evaluatedStep,
          tokens,
          seed,
          horizontalFlip,
          scaleAware,
          memory,
          rectification,
          gradientIsolation,
          optimiser);
    }
  }

  /**
   * An option that cannot be used.
   *
   * @param option its path, for example {@code memory.pairs}
   * @param detail what is wrong and what would be right, to be read after the path
   */
  public record Fault(String option, String detail) {}

  /**
   * Checks every number and word, without a model at hand.
   *
   * @param depth blocks of the model
   * @throws EngineException of kind {@code INVALID_OPTIONS} that names every option at fault
   */
  public void validate(int depth) {
    List<Fault> faults = faults(depth);
    if (!faults.isEmpty()) {
      throw new EngineException(
          EngineException.Kind.INVALID_OPTIONS,
          "The options cannot be used: "
              + faults.stream()
                  .map(fault -> fault.option + " " + fault.detail)
                  .collect(Collectors.joining("; "))
              + ".");
    }
  }

  /**
   * Every number and word that cannot be used, without a model at hand.
   *
   * @param depth blocks of the model
   */
  public List<Fault> faults(int depth) {
    List<Fault> problems = new ArrayList<>();
    range(problems, "steps", steps, 1, MOST_STEPS);
    range(problems, "evaluatedStep", evaluatedStep, 1, steps);
    range(problems, "tokens", tokens, 1, MOST_TOKENS);
    if (memory != null) {
      range(problems, "memory.pairs", memory.pairs, 1, MOST_PAIRS);
      if (memory.blocks.isEmpty()
          || memory.blocks.stream().distinct().count() < memory.blocks.size()) {
        problems.add(new Fault("memory.blocks", "must name at least one block, and each once"));
      }
      memory.blocks.forEach(block -> range(problems, "memory.blocks", block, 0, depth - 1));
    }
    if (rectification != null) {
      range(problems, "rectification.rank", rectification.rank, 1, MOST_RANK);
    }
    range(problems, "optimiser.alpha", optimiser.alpha, 0, 1);
    range(problems, "optimiser.learningRate", optimiser.learningRate, 1e-7, 1);
    range(problems, "optimiser.warmUpSteps", optimiser.warmUpSteps, 0, MOST_STEPS);
    range(problems, "optimiser.weightDecay", optimiser.weightDecay, 0, 10);
    range(problems, "optimiser.clipNorm", optimiser.clipNorm, 1e-6, 1e6);
    range(problems, "optimiser.conditionDropout", optimiser.conditionDropout, 0, 1);
    if (contentWord != null) {
      word(problems, "contentWord", contentWord);
    }
    if (styleWord != null) {
      word(problems, "styleWord", styleWord);
    }
    return problems;
  }

  private static void range(
      List<Fault> problems, String option, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
      problems.add(
          new Fault(
              option,
              "is " + plain(value) + " but must be from " + plain(least) + " to " + plain(most)));
    }
  }

  private static String plain(double value) {
    return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
  }

  private static void word(List<Fault> problems, String option, String words) {
    if (words.isBlank()) {
      problems.add(new Fault(option, "is empty"));
    } else if (words.contains("<object") || words.contains("<style")) {
      problems.add(new Fault(option, "contains a placeholder of the captions"));
    }
  }
}
