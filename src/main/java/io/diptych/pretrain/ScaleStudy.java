package io.diptych.pretrain;

import io.diptych.engine.training.CaptionEncoder;
import io.diptych.engine.training.FinishedModel;
import io.diptych.engine.weights.ModelManifest.ScaleWeights;
import io.diptych.pretrain.data.Dataset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Which scales speak of the subject and which of the style (CSD-VAR section 4.1), of one model. The
 * paper leaves scales out and looks at pictures; here every scale is asked how much surer of real
 * pictures' tokens it is for knowing the word.
 */
final class ScaleStudy {

  private static final int AT_ONCE = 64;

  private final FinishedModel model;
  private final Dataset dataset;
  private final int pictures;

  /**
   * @param pictures of the data set to look at, at most
   */
  ScaleStudy(FinishedModel model, Dataset dataset, int pictures) {
    this.model = model;
    this.dataset = dataset;
    this.pictures = Math.min(pictures, dataset.size());
  }

  /** Nats a token that either word saves, at every scale; 0 where it saves none. */
  ScaleWeights measure() {
    try (CaptionEncoder captions = new CaptionEncoder("cpu")) {
      double[] both =
          crossEntropy(
              captions,
              s -> "a %s in %s style".formatted(dataset.thing(s).name(), dataset.style(s).name()));
      double[] withoutThing =
          crossEntropy(captions, s -> "an object in %s style".formatted(dataset.style(s).name()));
      double[] withoutStyle =
          crossEntropy(captions, s -> "a %s in art style".formatted(dataset.thing(s).name()));
      return new ScaleWeights(saved(withoutThing, both), saved(withoutStyle, both));
    }
  }

  private static List<Double> saved(double[] without, double[] with) {
    List<Double> saved = new ArrayList<>();
    for (int scale = 0; scale < with.length; scale++) {
      saved.add(TrainingRun.rounded(Math.max(0, without[scale] - with[scale])));
    }
    return saved;
  }

  /** Mean cross-entropy of every scale's tokens under a caption for each picture, in nats. */
  double[] crossEntropy(CaptionEncoder captions, Function<Dataset.Sample, String> caption) {
    double[] sums = new double[0];
    for (int from = 0; from < pictures; from += AT_ONCE) {
      int some = Math.min(AT_ONCE, pictures - from);
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < some; i++) {
        texts.add(caption.apply(dataset.get(from + i)));
      }
      float[] means =
          model.crossEntropy(Pictures.planes(dataset, from, some), captions.encode(texts));
      if (sums.length == 0) {
        sums = new double[means.length];
      }
      for (int scale = 0; scale < sums.length; scale++) {
        sums[scale] += (double) means[scale] * some / pictures;
      }
    }
    return sums;
  }
}
