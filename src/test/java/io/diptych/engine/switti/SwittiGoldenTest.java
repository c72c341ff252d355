package io.diptych.engine.switti;

import static io.diptych.engine.GoldenModels.assertAgreement;
import static io.diptych.engine.GoldenModels.distance;
import static io.diptych.engine.GoldenModels.relativeDistance;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.GoldenModels;
import io.diptych.engine.Sampling;
import io.diptych.engine.csd.CsdProgram;
import io.diptych.engine.sample.Sampler;
import io.diptych.engine.sample.Sampler.Row;
import io.diptych.engine.sample.Sampler.TextCondition;
import io.diptych.engine.vqvae.Vqvae;
import io.diptych.engine.weights.FormulaWeights;
import io.diptych.engine.weights.Safetensors;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SwittiGoldenTest {

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void teacherForcedLogitsLossAndGradientsAreTheReferences(boolean causal) {
    String name = causal ? "switti-ar" : "switti";
    try (NDManager manager = NDManager.newBaseManager();
        Safetensors golden = FormulaWeights.golden(name);
        Switti switti = GoldenModels.switti(causal, manager);
        CsdProgram csd = new CsdProgram(GoldenModels.SIDES, manager)) {
      NDArray context = golden.load("prompt_embeds", manager).duplicate();
      NDArray pooled = golden.load("pooled", manager).duplicate();
      context.setRequiresGradient(true);
      pooled.setRequiresGradient(true);
      Switti.Prepared prepared =
          switti.prepare(
              manager,
              context,
              golden.load("prompt_attn_bias", manager),
              pooled,
              Crop.ofOriginals(
                  manager,
                  golden.load("batch_height", manager).toLongArray(),
                  golden.load("batch_width", manager).toLongArray()),
              true);
      NDArray logits =
          switti
              .teacherForced(
                  manager, prepared, golden.load("switti_input", manager), 0, 5, null, true)
              .logits();
      assertAgreement(name + " logits", distance(logits, golden.load("logits", manager)), 1e-4);

      NDArray tokens = golden.load("target_tokens", manager);
      int count = GoldenModels.swittiArchitecture(causal).tokensUpTo(5);
      CsdProgram.Loss loss =
          csd.loss(manager, logits, tokens, manager.full(new Shape(count), 1f / count), 0);
      assertAgreement(
          name + " mean loss",
          distance(loss.loss().reshape(1), golden.load("loss", manager)),
          1e-4);
      NDArray expected = golden.load("token_cross_entropy", manager);
      int begin = 0;
      for (int scale = 0; scale < 6; scale++) {
        int end = GoldenModels.swittiArchitecture(causal).tokensUpTo(scale);
        NDArray mean = expected.get(":, " + begin + ":" + end).mean();
        assertThat(loss.scaleLosses().getFloat(scale)).isCloseTo(mean.getFloat(), within());
        begin = end;
      }
      NDList gradients = csd.gradients(manager, loss.loss(), List.of(context, pooled));
      assertAgreement(
          name + " gradient of the context (relative)",
          relativeDistance(gradients.get(0), golden.load("grad.prompt_embeds", manager)),
          1e-4);
      assertAgreement(
          name + " gradient of the pooled vector (relative)",
          relativeDistance(gradients.get(1), golden.load("grad.pooled", manager)),
          1e-4);
    }
  }

  private static Offset<Float> within() {
    return Offset.offset(1e-4f);
  }

  @ParameterizedTest
  @CsvSource({"true, full", "true, off4", "false, full", "false, off4"})
  void greedyGenerationIsTheReferences(boolean causal, String window) {
    String name = causal ? "switti-ar" : "switti";
    int guidanceTo = window.equals("full") ? Sampling.OFF : 4;
    Sampling sampling = new Sampling(4, 0, guidanceTo, 0, 0, Sampling.OFF, 1, true);
    try (NDManager manager = NDManager.newBaseManager();
        Safetensors golden = FormulaWeights.golden(name);
        Vqvae vqvae = GoldenModels.vqvae(manager);
        Switti switti = GoldenModels.switti(causal, manager);
        Sampler sampler = new Sampler(switti, vqvae, manager)) {
      NDArray contexts = golden.load("prompt_embeds", manager);
      NDArray bias = golden.load("prompt_attn_bias", manager);
      NDArray pooled = golden.load("pooled", manager);
      List<Row> rows = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        TextCondition text = unpadded(contexts.get(i), bias.get(i), pooled.get(i));
        rows.add(new Row(text, 0, i, sampling));
      }
      TextCondition empty =
          unpadded(
              golden.load("null.prompt_embeds", manager).get(0),
              golden.load("null.attn_bias", manager).get(0),
              golden.load("null.pooled", manager).get(0));
      Sampler.Sampled sampled =
          sampler.sample(
              manager,
              rows,
              empty,
              null,
              (scale, logits) -> {
                String key = "greedy." + window + ".logits." + scale;
                if (golden.tensors().containsKey(key)) {
                  assertAgreement(
                      name + " " + key, distance(logits, golden.load(key, manager)), 1e-4);
                }
              });
      for (int scale = 0; scale < 6; scale++) {
        assertThat(sampled.codes().get(scale).toLongArray())
            .as("tokens of scale %d", scale)
            .isEqualTo(golden.load("greedy." + window + ".tokens." + scale, manager).toLongArray());
      }
      NDArray display = sampled.image().add(1).div(2);
      assertAgreement(
          name + " greedy " + window + " image",
          distance(display, golden.load("greedy." + window + ".image", manager)),
          1e-4);
    }
  }

  /** Real tokens only: padding is added again by whoever needs it. */
  private static TextCondition unpadded(NDArray context, NDArray bias, NDArray pooled) {
    int length = 0;
    for (float value : bias.toFloatArray()) {
      if (value == 0) {
        length++;
      }
    }
    return new TextCondition(context.get("0:" + length).expandDims(0), pooled.expandDims(0));
  }
}
