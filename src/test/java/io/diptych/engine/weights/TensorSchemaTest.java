package io.diptych.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.diptych.engine.EngineException;
import io.diptych.engine.program.Weights;
import org.junit.jupiter.api.Test;

class TensorSchemaTest {

  private static final TensorSchema SCHEMA =
      new TensorSchema("the sample model")
          .withBias("head", 2, 3)
          .tensor("start", 1, 3)
          .ignoring("lvl_1L", "vision.*");

  @Test
  void aFileThatHoldsTheModelIsLoadedWithoutWhatIsIgnored() {
    byte[] file =
        new SafetensorsWriter()
            .put("head.weight", new float[6], 2, 3)
            .put("head.bias", new float[] {1, 2}, 2)
            .put("start", new float[3], 1, 3)
            .put("quantize.lvl_1L", new long[5], 5)
            .put("vision.proj.weight", new float[1], 1)
            .toBytes();
    try (NDManager manager = NDManager.newBaseManager();
        Safetensors tensors = Safetensors.read(file, "sample")) {
      Weights weights = SCHEMA.load(tensors, manager, DataType.FLOAT32);
      assertThat(weights.tensors()).containsOnlyKeys("head.weight", "head.bias", "start");
      assertThat(weights.get("head.bias").toFloatArray()).containsExactly(1, 2);
      assertThat(weights.size()).isEqualTo(11);
    }
  }

  @Test
  void weightsCanBeBfloat16() {
    byte[] file =
        new SafetensorsWriter().put("start", new float[] {1, -2.5f, 1.00001f}, 3).toBytes();
    try (NDManager manager = NDManager.newBaseManager();
        Bfloat16 bfloat16 = new Bfloat16(manager)) {
      Weights weights =
          new TensorSchema("sample")
              .tensor("start", 3)
              .load(Safetensors.read(file, "sample"), manager, DataType.BFLOAT16);
      assertThat(bfloat16.widen(weights.get("start")).toFloatArray()).containsExactly(1, -2.5f, 1);
    }
  }

  @Test
  void missingSurplusMisshapenAndMistypedTensorsAreInOneError() {
    byte[] file =
        new SafetensorsWriter()
            .put("head.weight", new float[6], 3, 2)
            .put("start", new long[3], 1, 3)
            .put("foot.weight", new float[1], 1)
            .toBytes();
    assertThatThrownBy(() -> SCHEMA.check(Safetensors.read(file, "sample")))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.MODEL_UNAVAILABLE))
        .hasMessage(
            "sample does not hold the sample model: head.bias is missing; "
                + "head.weight has shape (3, 2) instead of (2, 3); "
                + "start holds I64 instead of real numbers; foot.weight is not part of this model.");
  }
}
