package io.diptych.engine.switti;

import static io.diptych.engine.GoldenModels.assertAgreement;
import static io.diptych.engine.GoldenModels.distance;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.GoldenModels;
import io.diptych.engine.weights.FormulaWeights;
import io.diptych.engine.weights.Safetensors;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SwittiTest {

  private static final int LAST = 5;

  @ParameterizedTest
  @CsvSource({"true, false", "true, true", "false, false", "false, true"})
  void cachedGenerationEqualsTheParallelForward(boolean causal, boolean withMemories) {
    try (NDManager manager = NDManager.newBaseManager();
        Safetensors golden = FormulaWeights.golden("switti-ar");
        Switti switti = GoldenModels.switti(causal, manager)) {
      Switti.Prepared prepared = prepared(switti, golden, manager);
      Memories memories = withMemories ? memories(manager, causal, null) : null;
      NDArray input = golden.load("switti_input", manager);
      NDArray parallel =
          switti.teacherForced(manager, prepared, input, 0, LAST, memories, false).logits();
      double largest = 0;
      List<NDArray> cache = List.of();
      for (int scale = 0; scale <= LAST; scale++) {
        int begin = switti.architecture().tokensUpTo(scale - 1);
        int end = switti.architecture().tokensUpTo(scale);
        NDArray own = scale == 0 ? null : input.get(":, " + (begin - 1) + ":" + (end - 1));
        Switti.Forward step = switti.nextScale(manager, prepared, own, scale, cache, memories);
        cache = step.cache();
        largest =
            Math.max(largest, distance(step.logits(), parallel.get(":, " + begin + ":" + end)));
      }
      assertAgreement(
          "cached = parallel" + (causal ? ", causal" : "") + (withMemories ? ", memories" : ""),
          largest,
          1e-5);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theForwardOfAllScalesEqualsTheMaskedOracle(boolean causal) {
    try (NDManager manager = NDManager.newBaseManager();
        Safetensors golden = FormulaWeights.golden("switti-ar");
        Switti switti = GoldenModels.switti(causal, manager)) {
      SwittiArchitecture architecture = switti.architecture();
      int tokens = architecture.tokensUpTo(LAST);
      for (boolean withMemories : new boolean[] {false, true}) {
        Memories memories = withMemories ? memories(manager, causal, null) : null;
        NDArray input = golden.load("switti_input", manager);
        NDArray actual =
            switti
                .teacherForced(
                    manager, prepared(switti, golden, manager), input, 0, LAST, memories, false)
                .logits();
        NaiveSwitti naive = NaiveSwitti.ofGolden(causal, manager);
        NDArray expected =
            naive.logits(
                golden.load("prompt_embeds", manager),
                golden.load("prompt_attn_bias", manager),
                golden.load("pooled", manager),
                input,
                memories);
        assertThat(expected.getShape()).isEqualTo(new Shape(2, tokens, 256));
        // The oracle computes in double precision; the rest is the rounding of fp32.
        assertAgreement(
            "masked oracle" + (causal ? ", causal" : "") + (withMemories ? ", memories" : ""),
            distance(actual, expected),
            2e-5);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void memoriesThatDifferBetweenRowsAndBlocksEqualTheMaskedOracle(boolean causal) {
    try (NDManager manager = NDManager.newBaseManager();
        Safetensors golden = FormulaWeights.golden("switti-ar");
        Switti switti = GoldenModels.switti(causal, manager)) {
      float no = Float.NEGATIVE_INFINITY;
      // In the first block row 0 has the style's pair and row 1 the content's, in the other row 1
      // has both and row 0 none.
      NDArray bias = manager.create(new float[] {0, no, no, 0, no, no, 0, 0}, new Shape(2, 2, 2));
      Memories memories = memories(manager, causal, bias);
      Switti.Prepared prepared = prepared(switti, golden, manager);
      NDArray input = golden.load("switti_input", manager);
      NDArray expected =
          NaiveSwitti.ofGolden(causal, manager)
              .logits(
                  golden.load("prompt_embeds", manager),
                  golden.load("prompt_attn_bias", manager),
                  golden.load("pooled", manager),
                  input,
                  memories);
      NDArray parallel =
          switti.teacherForced(manager, prepared, input, 0, LAST, memories, false).logits();
      assertAgreement(
          "memories by row and block" + (causal ? ", causal" : ""),
          distance(parallel, expected),
          2e-5);
      List<NDArray> cache = List.of();
      for (int scale = 0; scale <= LAST; scale++) {
        int begin = switti.architecture().tokensUpTo(scale - 1);
        int end = switti.architecture().tokensUpTo(scale);
        NDArray own = scale == 0 ? null : input.get(":, " + (begin - 1) + ":" + (end - 1));
        Switti.Forward step = switti.nextScale(manager, prepared, own, scale, cache, memories);
        cache = step.cache();
        assertThat(distance(step.logits(), expected.get(":, " + begin + ":" + end)))
            .as("scale %d", scale)
            .isLessThan(2e-5);
      }
    }
  }

  @Test
  void memoriesThatNoScaleSeesChangeNoBit() {
    try (NDManager manager = NDManager.newBaseManager();
        Safetensors golden = FormulaWeights.golden("switti-ar");
        Switti switti = GoldenModels.switti(true, manager)) {
      Switti.Prepared prepared = prepared(switti, golden, manager);
      NDArray input = golden.load("switti_input", manager);
      Memories unseen =
          new Memories(
              List.of(0),
              List.of(noise(manager, 2, 1)),
              List.of(noise(manager, 2, 1)),
              List.of(LAST + 1),
              List.of(LAST + 1),
              null);
      NDArray with =
          switti.teacherForced(manager, prepared, input, 0, LAST, unseen, false).logits();
      NDArray without =
          switti.teacherForced(manager, prepared, input, 0, LAST, null, false).logits();
      assertThat(with.toFloatArray()).isEqualTo(without.toFloatArray());
    }
  }

  @Test
  void aRowWithoutMemoryIsNotTouchedByTheMemoriesOfItsNeighbour() {
    try (NDManager manager = NDManager.newBaseManager();
        Safetensors golden = FormulaWeights.golden("switti-ar");
        Switti switti = GoldenModels.switti(true, manager)) {
      Switti.Prepared prepared = prepared(switti, golden, manager);
      NDArray input = golden.load("switti_input", manager);
      float no = Float.NEGATIVE_INFINITY;
      NDArray bias = manager.create(new float[] {0, 0, no, no, 0, 0, no, no}, new Shape(2, 2, 2));
      NDArray mixed =
          switti
              .teacherForced(
                  manager, prepared, input, 0, LAST, memories(manager, true, bias), false)
              .logits();
      NDArray all =
          switti
              .teacherForced(
                  manager, prepared, input, 0, LAST, memories(manager, true, null), false)
              .logits();
      NDArray none = switti.teacherForced(manager, prepared, input, 0, LAST, null, false).logits();
      assertAgreement(
          "row with memories in a mixed batch", distance(mixed.get(0), all.get(0)), 1e-5);
      assertAgreement("row without in a mixed batch", distance(mixed.get(1), none.get(1)), 1e-5);
      assertThat(distance(all.get(1), none.get(1))).isGreaterThan(1e-3);
    }
  }

  private static Switti.Prepared prepared(Switti switti, Safetensors golden, NDManager manager) {
    return switti.prepare(
        manager,
        golden.load("prompt_embeds", manager),
        golden.load("prompt_attn_bias", manager),
        golden.load("pooled", manager),
        null,
        false);
  }

  /** A style pair before scale 0 and a content pair before scale 3, in both blocks. */
  private static Memories memories(NDManager manager, boolean causal, @Nullable NDArray bias) {
    return new Memories(
        List.of(0, 1),
        List.of(noise(manager, 2, 1), noise(manager, 2, 2)),
        List.of(noise(manager, 2, 3), noise(manager, 2, 4)),
        List.of(0, 3),
        List.of(causal ? 6 : 3, 6),
        bias);
  }

  private static NDArray noise(NDManager manager, int pairs, int seed) {
    float[] values = FormulaWeights.values("memory", 2 * pairs * 128, 2, 0, seed);
    return manager.create(values, new Shape(2, pairs, 128)).toType(DataType.FLOAT32, false);
  }
}
