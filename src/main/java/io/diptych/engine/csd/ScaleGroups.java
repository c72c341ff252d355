package io.diptych.engine.csd;

import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.DecompositionOptions.Profile;
import io.diptych.engine.EngineException;
import io.diptych.engine.StepReport.Kind;
import io.diptych.engine.weights.ModelManifest;
import io.diptych.engine.weights.ModelManifest.ScaleWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which scales speak of style and which of content (CSD-VAR section 4.1, backbones.md 5.3), and
 * what each token weighs in a step. Scales are 0-based.
 *
 * <p>The paper found its groups by leaving scales out on one model. Where a model's manifest says
 * how much each scale tells of content and of style, profile {@code MEASURED} weighs all scales by
 * that in either step.
 */
final class ScaleGroups {

  /** Scales 1 to 3 of the paper are style in every profile. */
  static final int FIRST_CONTENT_SCALE = 3;

  private final List<Integer> sides;
  private final boolean lastIsStyle;
  private final double alpha;
  private final @Nullable ScaleWeights measured;

  /**
   * @param weights what profile {@code MEASURED} goes by; null with another
   */
  ScaleGroups(List<Integer> sides, Profile profile, double alpha, @Nullable ScaleWeights weights) {
    this.sides = sides;
    this.lastIsStyle = profile == Profile.PAPER;
    this.alpha = alpha;
    this.measured = profile == Profile.MEASURED ? Objects.requireNonNull(weights) : null;
  }

  /**
   * The groups of a model.
   *
   * @throws EngineException of kind {@code INVALID_OPTIONS} when the profile needs what was not
   *     measured
   */
  static ScaleGroups of(ModelManifest manifest, DecompositionOptions options) {
    Profile profile = options.profile();
    if (!manifest.offers(profile)) {
      throw new EngineException(
          EngineException.Kind.INVALID_OPTIONS,
          "The scales of "
              + manifest.name()
              + " were not measured, so it has no profile "
              + profile
              + ". Choose another.");
    }
    return new ScaleGroups(
        manifest.scales(), profile, options.optimiser().alpha(), manifest.scaleWeights());
  }

  boolean isStyle(int scale) {
    return scale < FIRST_CONTENT_SCALE || lastIsStyle && scale == sides.size() - 1;
  }

  /** Whether every scale is one of style, so that a content step would have nothing to learn. */
  boolean hasNoContent() {
    return measured == null && tokens(false, true) == 0;
  }

  /** Weight of one token of a scale in the loss of a step. */
  double tokenWeight(Kind kind, int scale) {
    if (measured != null && kind != Kind.JOINT) {
      List<Double> weights = kind == Kind.STYLE ? measured.style() : measured.content();
      double sum = 0;
      for (int i = 0; i < sides.size(); i++) {
        sum += weights.get(i) * sides.get(i) * sides.get(i);
      }
      return weights.get(scale) / sum;
    }
    return switch (kind) {
      case JOINT -> 1.0 / tokens(true, true);
      case STYLE -> isStyle(scale) ? 1.0 / tokens(true, false) : alpha / tokens(false, true);
      case CONTENT -> isStyle(scale) ? 0 : 1.0 / tokens(false, true);
    };
  }

  /** Weights of all tokens of scales first..last. */
  float[] tokenWeights(Kind kind, Range range) {
    float[] weights = new float[range.tokens(sides)];
    int at = 0;
    for (int scale = range.first; scale <= range.last; scale++) {
      for (int i = 0; i < sides.get(scale) * sides.get(scale); i++) {
        weights[at++] = (float) tokenWeight(kind, scale);
      }
    }
    return weights;
  }

  /**
   * The scales that a step must compute. A block-causal model needs all up to the last one that is
   * scored; the other kind needs just those that are scored, in runs of neighbours.
   */
  List<Range> computed(Kind kind, boolean causal) {
    List<Range> ranges = new ArrayList<>();
    int last = -1;
    for (int scale = 0; scale < sides.size(); scale++) {
      if (tokenWeight(kind, scale) == 0) {
        continue;
      }
      if (ranges.isEmpty() || last != scale - 1) {
        ranges.add(new Range(scale, scale));
      } else {
        ranges.set(ranges.size() - 1, new Range(ranges.get(ranges.size() - 1).first, scale));
      }
      last = scale;
    }
    return causal ? List.of(new Range(0, last)) : ranges;
  }

  /**
   * Neighbouring scales, both ends included.
   *
   * @param first 0-based
   * @param last 0-based
   */
  record Range(int first, int last) {
    int tokens(List<Integer> sides) {
      return sides.subList(first, last + 1).stream().mapToInt(side -> side * side).sum();
    }

    /** Tokens of the scales before it. */
    int firstToken(List<Integer> sides) {
      return sides.subList(0, first).stream().mapToInt(side -> side * side).sum();
    }
  }

  private int tokens(boolean style, boolean content) {
    int count = 0;
    for (int scale = 0; scale < sides.size(); scale++) {
      if (isStyle(scale) ? style : content) {
        count += sides.get(scale) * sides.get(scale);
      }
    }
    return count;
  }
}
