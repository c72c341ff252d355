package io.diptych.engine.csd;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.RunStoppedException;
import io.diptych.engine.sample.Sampler;
import io.diptych.engine.sample.Sampler.TextCondition;
import io.diptych.engine.switti.Switti;
import io.diptych.engine.weights.ModelManifest.Vocabulary;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/**
 * Words for a picture whose caller gave none. The transformer is asked itself: of the words that it
 * was taught, those are taken under which the picture's tokens are likeliest. A model that names no
 * words gets generic ones.
 */
public final class WordChoice {

  /** What the authors' captions would say of any picture (backbones.md 5.10). */
  private static final String GENERIC_CONTENT = "object";

  private static final String GENERIC_STYLE = "art";

  /** Texts of one forward. */
  private static final int AT_ONCE = 8;

  private final CsdVar.Models models;
  private final Vocabulary vocabulary;

  WordChoice(CsdVar.Models models) {
    this(models, models.manifest().vocabulary());
  }

  WordChoice(CsdVar.Models models, Vocabulary vocabulary) {
    this.models = models;
    this.vocabulary = vocabulary;
  }

  /** How many captions a run with these options is going to compare. */
  public static int captions(Vocabulary vocabulary, DecompositionOptions options) {
    int contents = findsContent(vocabulary, options) ? vocabulary.content().size() : 0;
    int styles = findsStyle(vocabulary, options) ? vocabulary.style().size() : 0;
    return contents == 0 ? styles : styles + contents + styles;
  }

  private static boolean findsContent(Vocabulary vocabulary, DecompositionOptions options) {
    return options.contentWord() == null && !vocabulary.content().isEmpty();
  }

  private static boolean findsStyle(Vocabulary vocabulary, DecompositionOptions options) {
    return options.styleWord() == null && !vocabulary.style().isEmpty();
  }

  /** The same options, with generic words where they leave any open. */
  static DecompositionOptions generic(DecompositionOptions options) {
    return options.orWords(GENERIC_CONTENT, GENERIC_STYLE);
  }

  /**
   * The same options, with words found for a picture where they leave any open. Style is chosen
   * first, as it is what the coarse scales tell apart, and again once the subject is known.
   *
   * @param picture (1, 3, S, S) in [-1, 1]
   * @param stop whether the words are no longer wanted; asked before every forward
   * @throws RunStoppedException when it said so
   */
  DecompositionOptions complete(
      NDManager manager, NDArray picture, DecompositionOptions options, BooleanSupplier stop) {
    DecompositionOptions complete = generic(options);
    boolean findContent = findsContent(vocabulary, options);
    boolean findStyle = findsStyle(vocabulary, options);
    if (!findContent && !findStyle) {
      return complete;
    }
    String content = complete.contentWord();
    String style = complete.styleWord();
    try (NDManager scope = manager.newSubManager()) {
      Target target = Target.of(models, scope, picture);
      if (findStyle) {
        style = bestStyle(scope, target, content, stop);
      }
      if (findContent) {
        String known = style;
        content = best(scope, target, vocabulary.content(), word -> Captions.of(word, known), stop);
        if (findStyle) {
          style = bestStyle(scope, target, content, stop);
        }
      }
    }
    return complete.toBuilder().contentWord(content).styleWord(style).build();
  }

  private String bestStyle(NDManager scope, Target target, String content, BooleanSupplier stop) {
    return best(scope, target, vocabulary.style(), word -> Captions.of(content, word), stop);
  }

  /** The first of the words whose caption leaves the least surprise. */
  private String best(
      NDManager owner,
      Target target,
      List<String> words,
      UnaryOperator<String> caption,
      BooleanSupplier stop) {
    String best = words.get(0);
    float least = Float.POSITIVE_INFINITY;
    for (int from = 0; from < words.size(); from += AT_ONCE) {
      if (stop.getAsBoolean()) {
        throw new RunStoppedException(0);
      }
      List<String> some = words.subList(from, Math.min(words.size(), from + AT_ONCE));
      try (NDManager scope = owner.newSubManager()) {
        List<TextCondition> texts =
            some.stream().map(word -> models.text().encode(scope, caption.apply(word))).toList();
        float[] surprise = surprise(scope, target, texts);
        for (int i = 0; i < surprise.length; i++) {
          if (surprise[i] < least) {
            least = surprise[i];
            best = some.get(i);
          }
        }
      }
    }
    return best;
  }

  private float[] surprise(NDManager scope, Target target, List<TextCondition> texts) {
    Switti switti = models.switti();
    int last = switti.architecture().sides().size() - 1;
    NDArray input = target.input().repeat(0, texts.size());
    input.attach(scope);
    NDArray logits =
        switti
            .teacherForced(
                scope, Sampler.prepare(scope, switti, texts), input, 0, last, null, false)
            .logits();
    return models.program().surprise(scope, logits, target.tokens()).toFloatArray();
  }
}
