package io.diptych.engine.text;

import static io.diptych.engine.GoldenModels.assertAgreement;
import static io.diptych.engine.GoldenModels.distance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.EngineException;
import io.diptych.engine.text.TextEncoder.FeatureSpace;
import io.diptych.engine.weights.FormulaWeights;
import io.diptych.engine.weights.ModelManifest.TextEncoderSpec;
import io.diptych.engine.weights.ModelManifest.TextEncoderSpec.Activation;
import io.diptych.engine.weights.ModelManifest.TextEncoderSpec.Kind;
import io.diptych.engine.weights.ModelSource;
import io.diptych.engine.weights.Safetensors;
import io.diptych.engine.weights.SafetensorsWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ClipTextTest {

  private static final List<String> PLACEHOLDERS =
      List.of("<object>", "<object>_1", "<style>", "<style>_1");
  private static final String FULL = "a fox <object> <object>_1 in rainbow <style> <style>_1 style";
  private static final String CONTENT = "a fox <object> <object>_1 in rainbow style";
  private static final String STYLE = "a fox in rainbow <style> <style>_1 style";

  private static final String TABLE = "text_model.embeddings.token_embedding.weight";

  @TempDir Path folder;

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void theGoldenVectorsAreReproduced(Activation activation) {
    try (TextEncoder encoder = encoder(activation, 0);
        Safetensors golden = FormulaWeights.golden("clip-text-" + name(activation));
        NDManager scope = manager.newSubManager()) {
      int width = encoder.width();
      long[] inputIds = golden.load("input_ids", scope).toLongArray(); // (2, 77)
      long[] endsOfText = golden.load("eos_position", scope).toLongArray();
      // Every token is a learned row that holds the token's embedding: gradients of embeddings.
      NDArray rows = ((ClipText) encoder).weights.get(TABLE).get(scope.create(inputIds));
      rows.setRequiresGradient(true);
      List<Prompt> prompts = new ArrayList<>();
      for (int j = 0; j < 2; j++) {
        long[] ids = LongStream.range(128 + 77L * j, 128 + 77L * (j + 1)).toArray();
        prompts.add(new Prompt("", ids, 128, (int) endsOfText[j]));
      }

      Encoding encoding =
          encoder.encodeDifferentiably(encoder.prepare(prompts, scope), rows, scope);

      assertGolden(name(activation) + " hidden", encoding.hidden(), "last_hidden_state", golden);
      assertGolden(name(activation) + " pooled", encoding.pooled(), "pooled", golden);
      NDArray upToEnd = scope.zeros(new Shape(2, 77, width));
      for (int j = 0; j < 2; j++) {
        upToEnd.set(new NDIndex("{}, :{}", j, endsOfText[j] + 1), 1);
      }
      NDArray cotangent = golden.load("cotangent", scope).mul(upToEnd);
      Gradients.backward(encoding.hidden().mul(cotangent).sum().add(encoding.pooled().sum()));
      NDArray expected = golden.load("grad.input_embeddings", scope);
      double difference =
          assertClose(rows.getGradient().reshape(expected.getShape()), expected, 1e-4);
      System.out.printf(
          "clip-text-%s: largest gradient difference, relative to the largest element, %.2g%n",
          name(activation), difference);
    }
  }

  @Test
  void theGoldenVectorsAreReproducedWithoutLearnedRows() {
    try (TextEncoder encoder = encoder(Activation.GELU, 0);
        Safetensors golden = FormulaWeights.golden("clip-text-gelu");
        NDManager scope = manager.newSubManager()) {
      long[] inputIds = golden.load("input_ids", scope).toLongArray();
      Prompt first = new Prompt("", Arrays.copyOf(inputIds, 8), 128, 7);
      Prompt second = new Prompt("", Arrays.copyOfRange(inputIds, 77, 82), 128, 4);
      Encoding encoding = encoder.encode(List.of(first, second), scope);
      NDArray expected = golden.load("last_hidden_state", scope);
      assertThat(encoding.hidden().getShape()).isEqualTo(new Shape(2, 8, 80));
      assertAgreement(
          "clip-text short prompt", distance(encoding.hidden(0), expected.get("0:1, :8")), 1e-4);
      assertAgreement(
          "clip-text shorter prompt", distance(encoding.hidden(1), expected.get("1:2, :5")), 1e-4);
      assertThat(encoding.hidden().get("1, 5:").abs().max().getFloat()).isZero();
      assertGolden("short prompts, pooled", encoding.pooled(), "pooled", golden);
      assertThat(encoding.real().toFloatArray())
          .containsExactly(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0);
    }
  }

  @ParameterizedTest
  @CsvSource({"FLOAT32, 1e-6", "FLOAT64, 1e-14"})
  void theConstantPrefixIsReusedExactly(DataType type, double tolerance) {
    try (TextEncoder encoder = encoder(Activation.QUICK_GELU, 0, type);
        NDManager scope = manager.newSubManager()) {
      List<Prompt> prompts = prompts(encoder, FULL, CONTENT, STYLE);
      assertThat(prompts).extracting(Prompt::firstLearned).containsExactly(3, 3, 5);
      PreparedPrompts withPrefix = encoder.prepare(prompts, scope);
      PreparedPrompts without = ((ClipText) encoder).prepare(prompts, scope, false);
      NDArray cotangent =
          scope.create(
              FormulaWeights.values("cotangent", 3 * 11 * 64, 1, 0, 1), new Shape(3, 11, 64));
      double hidden = 0;
      double gradient = 0;
      for (int step = 0; step < 3; step++) { // the prefix is reused from step to step
        NDArray rows = rows(scope, "rows" + step).toType(type, true);
        NDArray sameRows = rows.duplicate();
        rows.setRequiresGradient(true);
        sameRows.setRequiresGradient(true);
        Encoding fast = encoder.encodeDifferentiably(withPrefix, rows, scope);
        Encoding naive = encoder.encodeDifferentiably(without, sameRows, scope);
        Gradients.backward(fast.hidden().mul(cotangent).sum().add(fast.pooled().sum()));
        Gradients.backward(naive.hidden().mul(cotangent).sum().add(naive.pooled().sum()));
        assertClose(fast.pooled(), naive.pooled(), tolerance);
        hidden = Math.max(hidden, assertClose(fast.hidden(), naive.hidden(), tolerance));
        gradient =
            Math.max(gradient, assertClose(rows.getGradient(), sameRows.getGradient(), tolerance));
      }
      System.out.printf(
          "Prefix reuse in %s: differences relative to the largest element: hidden states %.2g,"
              + " gradients %.2g%n",
          type, hidden, gradient);
    }
  }

  @Test
  void aBatchGivesWhatEachPromptGivesAlone() {
    try (TextEncoder encoder = encoder(Activation.GELU, 0);
        NDManager scope = manager.newSubManager()) {
      NDArray rows = rows(scope, "rows", 80);
      List<Prompt> prompts = prompts(encoder, FULL, "", STYLE, "a fox");
      Encoding together = encoder.encode(prompts, rows, scope);
      Encoding prepared = encoder.encode(encoder.prepare(prompts, scope), rows, scope);
      for (int j = 0; j < prompts.size(); j++) {
        Encoding alone = encoder.encode(List.of(prompts.get(j)), rows, scope);
        assertClose(together.hidden(j), alone.hidden(), 1e-6);
        assertClose(together.pooled(j), alone.pooled(), 1e-6);
        assertClose(prepared.hidden(j), alone.hidden(), 1e-6);
        assertClose(prepared.pooled(j), alone.pooled(), 1e-6);
      }
    }
  }

  @Test
  void promptsWithoutLearnedRowsAreComputedOnce() {
    try (TextEncoder encoder = encoder(Activation.QUICK_GELU, 0);
        NDManager scope = manager.newSubManager()) {
      PreparedPrompts prepared = encoder.prepare(prompts(encoder, "a fox", ""), manager);
      Encoding first = encoder.encode(prepared, scope.zeros(new Shape(1, 64)), scope);
      Encoding second =
          encoder.encodeDifferentiably(prepared, scope.zeros(new Shape(1, 64)), scope);
      assertThat(second.hidden()).isSameAs(first.hidden());
      assertThat(first.hidden().getManager()).isSameAs(manager);
    }
  }

  @Test
  void frozenWeightsGetNoGradient() {
    try (TextEncoder encoder = encoder(Activation.QUICK_GELU, 0);
        NDManager scope = manager.newSubManager()) {
      NDArray rows = rows(scope, "rows");
      rows.setRequiresGradient(true);
      PreparedPrompts prepared = encoder.prepare(prompts(encoder, FULL), scope);
      Gradients.backward(encoder.encodeDifferentiably(prepared, rows, scope).pooled().sum());
      assertThat(rows.getGradient().abs().sum().getFloat()).isPositive();
      assertThat(((ClipText) encoder).weights.get(TABLE).hasGradient()).isFalse();
    }
  }

  @Test
  void learnedRowsThatAreTooFewAreRefused() {
    try (TextEncoder encoder = encoder(Activation.QUICK_GELU, 0)) {
      PreparedPrompts prepared = encoder.prepare(prompts(encoder, FULL), manager);
      assertThatThrownBy(() -> encoder.encode(prepared, manager.zeros(new Shape(3, 64)), manager))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("needed are 4 of width 64");
    }
  }

  @Test
  void featuresAreThePooledVectorsProjectedIntoTheJointSpace() {
    try (TextEncoder encoder = encoder(Activation.QUICK_GELU, 16);
        NDManager scope = manager.newSubManager()) {
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < 40; i++) { // more than one batch
        texts.add("fox ".repeat(1 + i % 7));
      }
      NDArray hidden = encoder.features(texts, FeatureSpace.HIDDEN, scope);
      NDArray joint = encoder.features(texts, FeatureSpace.JOINT, scope);
      assertThat(hidden.getShape()).isEqualTo(new Shape(40, 64));
      assertThat(joint.getShape()).isEqualTo(new Shape(40, 16));
      assertThat(encoder.featureWidth(FeatureSpace.JOINT)).isEqualTo(16);
      NDArray projection = scope.create(projection(16), new Shape(16, 64));
      assertClose(joint, hidden.matMul(projection.transpose()), 1e-5);
      assertClose(
          hidden.get("38:39"),
          encoder.encode(prompts(encoder, texts.get(38)), scope).pooled(),
          1e-6);
    }
  }

  @Test
  void weightsOfAnotherSizeAreRefusedByName() {
    assertThatThrownBy(
            () ->
                load(
                    spec(Activation.GELU, 0),
                    FormulaWeights.open("clip-text-quick_gelu"),
                    DataType.FLOAT32))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("does not hold the text encoder")
        .hasMessageContaining(
            "text_model.embeddings.position_embedding.weight has shape (77, 64) instead of (77,"
                + " 80)");
  }

  /** Absolutely, as the reference's readme asks of outputs; gradients are compared relatively. */
  private void assertGolden(String what, NDArray actual, String tensor, Safetensors golden) {
    assertAgreement("clip-text " + what, distance(actual, golden.load(tensor, manager)), 1e-4);
  }

  /** The largest difference, relative to the largest element, is at most the tolerance. */
  private static double assertClose(NDArray actual, NDArray expected, double tolerance) {
    assertThat(actual.getShape()).isEqualTo(expected.getShape());
    double difference = largest(actual.sub(expected)) / largest(expected);
    assertThat(difference).isLessThan(tolerance);
    return difference;
  }

  private static double largest(NDArray array) {
    return array.abs().max().toType(DataType.FLOAT64, false).getDouble();
  }

  private static List<Prompt> prompts(TextEncoder encoder, String... captions) {
    List<Prompt> prompts = new ArrayList<>();
    for (String caption : captions) {
      prompts.add(encoder.tokenize(caption, PLACEHOLDERS));
    }
    return prompts;
  }

  private static NDArray rows(NDManager scope, String name) {
    return rows(scope, name, 64);
  }

  private static NDArray rows(NDManager scope, String name, int width) {
    return scope.create(FormulaWeights.values(name, 4 * width, 0.5, 0, 1), new Shape(4, width));
  }

  private static float[] projection(int width) {
    return FormulaWeights.values("text_projection.weight", width * 64, 0.2, 0, 1);
  }

  private TextEncoder encoder(Activation activation, int projectionWidth) {
    return encoder(activation, projectionWidth, DataType.FLOAT32);
  }

  private TextEncoder encoder(Activation activation, int projectionWidth, DataType type) {
    Path file = FormulaWeights.write("clip-text-" + name(activation), folder);
    List<Path> files = new ArrayList<>(List.of(file));
    if (projectionWidth > 0) {
      Path extra = folder.resolve("projection.safetensors");
      try {
        new SafetensorsWriter()
            .put("text_projection.weight", projection(projectionWidth), projectionWidth, 64)
            .write(extra);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      files.add(extra);
    }
    return load(spec(activation, projectionWidth), Safetensors.open(files), type);
  }

  private TextEncoder load(TextEncoderSpec spec, Safetensors file, DataType type) {
    try (file) {
      return TextEncoders.load(
          spec, file, ModelSource.classpathFile("/tokenizers/clip-tiny.json"), manager, type);
    }
  }

  private static TextEncoderSpec spec(Activation activation, int projectionWidth) {
    return activation == Activation.QUICK_GELU
        ? new TextEncoderSpec(
            Kind.CLIP, 3, 64, 4, 256, 128, 77, 77, activation, 1e-5, projectionWidth)
        : new TextEncoderSpec(
            Kind.CLIP, 2, 80, 5, 320, 128, 77, 77, activation, 1e-5, projectionWidth);
  }

  private static String name(Activation activation) {
    return activation.name().toLowerCase(Locale.ROOT);
  }
}
