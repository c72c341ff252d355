package io.diptych.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.GoldenModels;
import io.diptych.engine.Sampling;
import io.diptych.engine.sample.Sampler.Row;
import io.diptych.engine.sample.Sampler.TextCondition;
import io.diptych.engine.switti.Switti;
import io.diptych.engine.vqvae.Vqvae;
import io.diptych.engine.weights.FormulaWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Sampling replayed in plain Java from backbones.md 2.5: whole-sequence forwards with and without
 * the prompt, guidance, temperature, smoothing and draws in double precision.
 */
class SamplerOracleTest {

  private static final List<Integer> SIDES = GoldenModels.SIDES;
  private static final int VOCABULARY = 256;
  private static final int GUIDED_FROM = 2;
  private static final int GUIDED_TO = 5;
  private static final int SMOOTH_FROM = 3;
  private static final double TEMPERATURE = 0.5;

  private static NDManager manager;
  private static Switti switti;
  private static Vqvae vqvae;
  private static List<Row> rows;
  private static TextCondition nothing;
  private static Sampler.Sampled sampled;

  /** Of each scale, what the sampler chose from, (B, n, V). */
  private static final List<float[]> OBSERVED = new ArrayList<>();

  @BeforeAll
  static void sample() {
    manager = NDManager.newBaseManager();
    switti = GoldenModels.switti(true, manager);
    vqvae = GoldenModels.vqvae(manager);
    nothing = condition("nothing", 2);
    rows =
        List.of(
            new Row(condition("one", 5), 7, 0, sampling(4, 20, 0)),
            new Row(condition("two", 3), 7, 1, sampling(2, 0, 0.7)));
    try (Sampler sampler = new Sampler(switti, vqvae, manager)) {
      sampled =
          sampler.sample(
              manager, rows, nothing, null, (scale, logits) -> OBSERVED.add(logits.toFloatArray()));
    }
  }

  @AfterAll
  static void close() {
    manager.close();
  }

  @Test
  void logitsAreGuidedInTheirWindowAndTemperedBehindIt() {
    NDArray input = teacherForcingInput();
    double largest = 0;
    for (int row = 0; row < rows.size(); row++) {
      NDArray own = input.get(row + ":" + (row + 1));
      float[] with = logits(rows.get(row).text(), own);
      float[] without = logits(nothing, own);
      double strength = rows.get(row).sampling().guidanceScale();
      int at = 0;
      for (int scale = 0; scale < SIDES.size(); scale++) {
        int size = SIDES.get(scale) * SIDES.get(scale) * VOCABULARY;
        double t = strength * scale / (SIDES.size() - 1);
        for (int i = 0; i < size; i++) {
          double expected = with[at + i];
          if (scale >= GUIDED_TO) {
            expected /= TEMPERATURE;
          } else if (scale >= GUIDED_FROM) {
            expected = (1 + t) * with[at + i] - t * without[at + i];
          }
          largest = Math.max(largest, Math.abs(expected - OBSERVED.get(scale)[row * size + i]));
        }
        at += size;
      }
    }
    System.out.printf("sampler: logits differ from the replay by at most %.1e%n", largest);
    assertThat(largest).isLessThan(2e-4);
  }

  @Test
  void scalesAreSmoothedFromTheirFirstOnButNotBehindTheGuidance() {
    List<Integer> smoothed =
        IntStream.range(0, SIDES.size())
            .filter(scale -> sampled.codes().get(scale).getShape().dimension() == 3)
            .boxed()
            .toList();
    assertThat(smoothed).containsExactly(3, 4);
  }

  @Test
  void smoothedCodesAreTheExpectedCodewordsUnderGumbelNoise() {
    float[] codebook = vqvae.codebook().toFloatArray();
    int width = codebook.length / VOCABULARY;
    for (int scale = SMOOTH_FROM; scale < GUIDED_TO; scale++) {
      int tokens = SIDES.get(scale) * SIDES.get(scale);
      double rho = (double) scale / (SIDES.size() - 1);
      double tau = Math.max(0.27 * (1 - 0.95 * rho), 0.005);
      float[] actual = sampled.codes().get(scale).toFloatArray();
      for (int row = 0; row < rows.size(); row++) {
        for (int token = 0; token < tokens; token++) {
          double[] scores = new double[VOCABULARY];
          for (int v = 0; v < VOCABULARY; v++) {
            int place = token * VOCABULARY + v;
            double gumbel = -Math.log(-Math.log(uniform(row, scale, place)));
            double logit = OBSERVED.get(scale)[row * tokens * VOCABULARY + place];
            scores[v] = (logit * (1 + rho) + gumbel) / tau;
          }
          double[] share = softmax(scores);
          for (int c = 0; c < width; c++) {
            double expected = 0;
            for (int v = 0; v < VOCABULARY; v++) {
              expected += share[v] * codebook[v * width + c];
            }
            assertThat((double) actual[(row * tokens + token) * width + c])
                .isCloseTo(expected, within(1e-3));
          }
        }
      }
    }
  }

  @Test
  void otherTokensAreDrawnFromTheLikeliestOfTheirRowsTopKAndTopP() {
    for (int scale : new int[] {0, 1, 2, 5}) {
      int tokens = SIDES.get(scale) * SIDES.get(scale);
      long[] actual = sampled.codes().get(scale).toLongArray();
      for (int row = 0; row < rows.size(); row++) {
        for (int token = 0; token < tokens; token++) {
          int begin = (row * tokens + token) * VOCABULARY;
          double[] scores = new double[VOCABULARY];
          for (int v = 0; v < VOCABULARY; v++) {
            scores[v] = OBSERVED.get(scale)[begin + v];
          }
          Sampling sampling = rows.get(row).sampling();
          double[] share = softmax(cut(scores, sampling.topK(), sampling.topP()));
          assertThat(actual[row * tokens + token])
              .as("row %d, scale %d, token %d", row, scale, token)
              .isEqualTo(drawn(share, uniform(row, scale, token)));
        }
      }
    }
  }

  /** All but the k likeliest, then all whose likelier ones already reach p, get no chance. */
  private static double[] cut(double[] scores, int k, double p) {
    Integer[] order = IntStream.range(0, scores.length).boxed().toArray(Integer[]::new);
    Arrays.sort(order, (a, b) -> Double.compare(scores[b], scores[a]));
    double[] kept = scores.clone();
    for (int i = k == 0 ? scores.length : k; i < scores.length; i++) {
      kept[order[i]] = Double.NEGATIVE_INFINITY;
    }
    if (p > 0) {
      double[] share = softmax(kept);
      double likelier = 0;
      for (int i = 0; i < scores.length; i++) {
        if (i > 0 && likelier >= p) {
          kept[order[i]] = Double.NEGATIVE_INFINITY;
        }
        likelier += share[order[i]];
      }
    }
    return kept;
  }

  private static int drawn(double[] share, double uniform) {
    double sum = 0;
    for (int v = 0; v < share.length; v++) {
      sum += share[v];
      if (sum > uniform) {
        return v;
      }
    }
    throw new IllegalStateException("The chances do not add up to one.");
  }

  private static double[] softmax(double[] scores) {
    double most = Arrays.stream(scores).max().orElseThrow();
    double[] weights = Arrays.stream(scores).map(score -> Math.exp(score - most)).toArray();
    double sum = Arrays.stream(weights).sum();
    return Arrays.stream(weights).map(weight -> weight / sum).toArray();
  }

  /** The counter-based generator, in Java's own 32-bit arithmetic. */
  private static double uniform(int row, int scale, int place) {
    NoiseStream stream = NoiseStream.of(rows.get(row).seed(), rows.get(row).imageIndex());
    int low = (int) stream.low();
    int high = (int) stream.high();
    int h = mix(place * 0x9E3779B9 + low);
    h = mix(h + high + (scale + 1) * 0xC2B2AE3D);
    return ((mix(h ^ low) >>> 9) + 0.5) / (1 << 23);
  }

  private static int mix(int h) {
    h = (h ^ (h >>> 16)) * 0x85EBCA6B;
    h = (h ^ (h >>> 13)) * 0xC2B2AE35;
    return h ^ (h >>> 16);
  }

  private static NDArray teacherForcingInput() {
    NDArray sum = vqvae.emptySum(manager, rows.size());
    NDArray input = null;
    for (int scale = 0; scale < SIDES.size() - 1; scale++) {
      Vqvae.Accumulated next = vqvae.accumulate(manager, sum, sampled.codes().get(scale), scale);
      sum = next.sum();
      input = input == null ? next.nextInput() : input.concat(next.nextInput(), 1);
    }
    return input;
  }

  private static float[] logits(TextCondition text, NDArray input) {
    Switti.Prepared prepared =
        switti.prepare(manager, text.context(), null, text.pooled(), null, false);
    return switti
        .teacherForced(manager, prepared, input, 0, SIDES.size() - 1, null, false)
        .logits()
        .toFloatArray();
  }

  private static TextCondition condition(String name, int tokens) {
    return new TextCondition(
        manager.create(
            FormulaWeights.values(name, tokens * 2048, 1, 0, 3), new Shape(1, tokens, 2048)),
        manager.create(FormulaWeights.values(name + " pooled", 1280, 1, 0, 3), new Shape(1, 1280)));
  }

  private static Sampling sampling(double guidance, int topK, double topP) {
    return new Sampling(
        guidance, GUIDED_FROM, GUIDED_TO, topK, topP, SMOOTH_FROM, TEMPERATURE, false);
  }
}
