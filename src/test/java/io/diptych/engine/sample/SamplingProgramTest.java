package io.diptych.engine.sample;

import static io.diptych.engine.GoldenModels.assertAgreement;
import static io.diptych.engine.GoldenModels.distance;
import static io.diptych.engine.GoldenModels.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.program.Program;
import io.diptych.engine.weights.FormulaWeights;
import io.diptych.engine.weights.Safetensors;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplingProgramTest {

  private static NDManager manager;
  private static Program program;

  @BeforeAll
  static void load() {
    manager = NDManager.newBaseManager();
    program = Program.load("sampling", Map.of(), manager);
  }

  @AfterAll
  static void close() {
    manager.close();
  }

  @ParameterizedTest
  @CsvSource({"40, 0", "0, 0.9", "40, 0.5"})
  void probabilitiesAfterTopKAndTopPAreTheReferences(int topK, String topP) {
    try (Safetensors golden = FormulaWeights.golden("sampling")) {
      NDArray actual = probabilities(golden.load("logits", manager), topK, Float.parseFloat(topP));
      assertAgreement(
          "probabilities k=" + topK + " p=" + topP,
          distance(actual, golden.load("probs.k" + topK + ".p" + topP, manager)),
          1e-6);
    }
  }

  @Test
  void tiesAtTheThresholdOfTopKAreKept() {
    NDArray logits = manager.create(new float[] {3, 1, 2, 2, 0}, new Shape(1, 1, 5));
    assertThat(probabilities(logits, 2, 0).toFloatArray())
        .satisfies(p -> assertThat(p[2]).isPositive().isEqualTo(p[3]))
        .satisfies(p -> assertThat(p[1]).isZero());
  }

  @Test
  void theLikeliestTokenSurvivesAnyTopP() {
    NDArray logits = manager.create(new float[] {3, 1, 2, 2, 0}, new Shape(1, 1, 5));
    assertThat(probabilities(logits, 0, 1e-6f).toFloatArray()).containsExactly(1, 0, 0, 0, 0);
  }

  @Test
  void drawnTokensFollowTheProbabilities() {
    int draws = 100_000;
    float[] row = {0.5f, 1.5f, -1, 0};
    float[] rows = new float[draws * row.length];
    IntStream.range(0, draws).forEach(i -> System.arraycopy(row, 0, rows, 4 * i, 4));
    NDArray tokens =
        program
            .call("draw", manager)
            .with(manager.create(rows, new Shape(1, draws, 4)))
            .with(manager.create(new long[] {0}))
            .with(manager.create(new float[] {0}))
            .with(key(1, 0))
            .with(3)
            .run()
            .singletonOrThrow();
    double[] share = new double[4];
    for (long token : tokens.toLongArray()) {
      share[(int) token] += 1.0 / draws;
    }
    double sum = 0;
    for (float logit : row) {
      sum += Math.exp(logit);
    }
    for (int i = 0; i < 4; i++) {
      assertThat(share[i]).isCloseTo(Math.exp(row[i]) / sum, within(0.006));
    }
  }

  @Test
  void noiseDependsOnSeedImageScaleAndPositionAlone() {
    NDArray logits = manager.zeros(new Shape(3, 50, 64));
    NDArray keys = key(7, 0).concat(key(7, 3), 0).concat(key(8, 0), 0);
    long[][] batch = tokens(logits, keys, 2);
    assertThat(tokens(logits.get("0:1"), key(7, 3), 2)[0]).isEqualTo(batch[1]);
    assertThat(batch[0]).isNotEqualTo(batch[1]).isNotEqualTo(batch[2]);
    assertThat(tokens(logits.get("0:1"), key(7, 3), 3)[0]).isNotEqualTo(batch[1]);
    assertThat(tokens(logits.get("0:1, 0:20"), key(7, 3), 2)[0])
        .isEqualTo(Arrays.copyOf(batch[1], 20));
  }

  @Test
  void smoothedCodewordsAreMixturesThatTendToOneCodeAtTheLastScale() {
    NDArray codebook = manager.eye(16);
    NDArray logits = normal(manager, 1, 2, 40, 16);
    NDArray early = smooth(logits, codebook, 0.1f);
    NDArray late = smooth(logits, codebook, 1);
    assertThat(early.sum(new int[] {2}).sub(1).abs().max().getFloat()).isLessThan(1e-5f);
    assertThat(late.max(new int[] {2}).mean().getFloat()).isGreaterThan(0.97f);
    assertThat(early.max(new int[] {2}).mean().getFloat())
        .isLessThan(late.max(new int[] {2}).mean().getFloat());
  }

  @Test
  void theLargestRandomNumberStillGivesAPicture() {
    // Found by search: the number at position 3070 of this key and scale has 24 leading ones.
    NDArray key = manager.create(new long[] {4771, 7}, new Shape(1, 2));
    NDArray logits = manager.zeros(new Shape(1, 1, 4096));
    NDArray codeword =
        program
            .call("smooth", manager)
            .with(logits)
            .with(manager.ones(new Shape(4096, 2)))
            .with(0.5f)
            .with(key)
            .with(0)
            .run()
            .singletonOrThrow();
    assertThat(codeword.toFloatArray()).containsExactly(new float[] {1, 1}, within(1e-4f));
  }

  private static NDArray smooth(NDArray logits, NDArray codebook, float progress) {
    return program
        .call("smooth", manager)
        .with(logits)
        .with(codebook)
        .with(progress)
        .with(key(1, 0).concat(key(1, 1), 0))
        .with(5)
        .run()
        .singletonOrThrow();
  }

  private static long[][] tokens(NDArray logits, NDArray keys, int scale) {
    long rows = logits.getShape().get(0);
    long[] zeros = new long[(int) rows];
    NDArray tokens =
        program
            .call("draw", manager)
            .with(logits)
            .with(manager.create(zeros))
            .with(manager.create(new float[(int) rows]))
            .with(keys)
            .with(scale)
            .run()
            .singletonOrThrow();
    long[][] result = new long[(int) rows][];
    for (int i = 0; i < rows; i++) {
      result[i] = tokens.get(i).toLongArray();
    }
    return result;
  }

  private static NDArray key(long seed, int imageIndex) {
    NoiseStream stream = NoiseStream.of(seed, imageIndex);
    return manager.create(new long[] {stream.low(), stream.high()}, new Shape(1, 2));
  }

  private static NDArray probabilities(NDArray logits, int topK, float topP) {
    int rows = (int) logits.getShape().get(0);
    long[] k = new long[rows];
    float[] p = new float[rows];
    Arrays.fill(k, topK);
    Arrays.fill(p, topP);
    return program
        .call("probabilities", manager)
        .with(logits)
        .with(manager.create(k))
        .with(manager.create(p))
        .run()
        .singletonOrThrow();
  }
}
