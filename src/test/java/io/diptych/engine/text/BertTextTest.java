package io.diptych.engine.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.text.TextEncoder.FeatureSpace;
import io.diptych.engine.weights.FormulaWeights;
import io.diptych.engine.weights.ModelSource;
import io.diptych.engine.weights.Safetensors;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class BertTextTest {

  private static final List<String> PLACEHOLDERS = List.of("<object>", "<object>_1");
  private static final String CAPTION = "A photo of a fox <object> <object>_1 in the snow";

  private static NDManager manager;
  private static TextEncoder encoder;

  @BeforeAll
  static void load() {
    manager = NDManager.newBaseManager();
    manager.create(0); // starts the engine, which is not measured here
    long start = System.nanoTime();
    encoder = TextEncoders.miniLm(manager);
    System.out.printf("MiniLM loaded in %d ms%n", (System.nanoTime() - start) / 1_000_000);
  }

  @AfterAll
  static void close() {
    encoder.close();
    manager.close();
  }

  @Test
  void theReferenceVectorsAreReproduced() {
    byte[] bytes = new byte[ModelSource.classpathFile("/minilm/reference.safetensors").remaining()];
    ModelSource.classpathFile("/minilm/reference.safetensors").get(bytes);
    try (Safetensors reference = Safetensors.read(bytes, "reference");
        NDManager scope = manager.newSubManager()) {
      List<Prompt> prompts = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Prompt prompt = encoder.tokenize(reference.metadata().get(i + ".text"), List.of());
        assertThat(prompt.ids()).containsExactly(reference.load(i + ".ids", scope).toLongArray());
        prompts.add(prompt);
      }
      Encoding encoding = encoder.encode(prompts, scope);
      double worst = 0;
      for (int i = 0; i < 4; i++) {
        NDArray expected = reference.load(i + ".hidden", scope); // (T, 384)
        worst = Math.max(worst, difference(encoding.hidden(i).squeeze(0), expected));
        NDArray mean = expected.mean(new int[] {0}, true);
        assertThat(difference(encoding.pooled(i), mean)).isLessThan(1e-5);
      }
      System.out.printf("MiniLM against ONNX Runtime: largest difference %.2g%n", worst);
      assertThat(worst).isLessThan(1e-4);
    }
  }

  @Test
  void learnedRowsThatHoldAWordGiveWhatTheWordGives() {
    try (NDManager scope = manager.newSubManager()) {
      NDArray rows = encoder.embeddings("red fox", scope);
      assertThat(rows.getShape()).isEqualTo(new Shape(2, 384));
      Encoding learned =
          encoder.encode(
              List.of(encoder.tokenize("a <object> <object>_1 in the snow", PLACEHOLDERS)),
              rows,
              scope);
      Encoding words =
          encoder.encode(List.of(encoder.tokenize("a red fox in the snow", PLACEHOLDERS)), scope);
      assertThat(difference(learned.hidden(), words.hidden())).isLessThan(1e-6);
      assertThat(difference(learned.pooled(), words.pooled())).isLessThan(1e-6);
    }
  }

  @Test
  void gradientsOfLearnedRowsAgreeWithFiniteDifferences() {
    try (NDManager scope = manager.newSubManager()) {
      PreparedPrompts prompts =
          encoder.prepare(List.of(encoder.tokenize(CAPTION, PLACEHOLDERS)), scope);
      NDArray rows = rows(scope);
      rows.setRequiresGradient(true);
      NDArray direction =
          scope.create(FormulaWeights.values("direction", 2 * 384, 1, 0, 1), new Shape(2, 384));
      NDArray cotangent =
          scope.create(FormulaWeights.values("cotangent", 384, 1, 0, 1), new Shape(1, 384));
      Encoding encoding = encoder.encodeDifferentiably(prompts, rows, scope);
      Gradients.backward(encoding.pooled().mul(cotangent).sum());
      double exact = rows.getGradient().mul(direction).sum().getFloat();
      float h = 1e-3f;
      NDArray constant = rows(scope);
      double up =
          encoder
              .encode(prompts, constant.add(direction.mul(h)), scope)
              .pooled()
              .mul(cotangent)
              .sum()
              .getFloat();
      double down =
          encoder
              .encode(prompts, constant.sub(direction.mul(h)), scope)
              .pooled()
              .mul(cotangent)
              .sum()
              .getFloat();
      assertThat((up - down) / (2 * h)).isCloseTo(exact, within(0.01 * Math.abs(exact) + 0.01));
    }
  }

  @Test
  void aBatchGivesWhatEachPromptGivesAlone() {
    try (NDManager scope = manager.newSubManager()) {
      NDArray rows = rows(scope);
      List<Prompt> prompts =
          List.of(
              encoder.tokenize(CAPTION, PLACEHOLDERS),
              encoder.tokenize("", PLACEHOLDERS),
              encoder.tokenize("a fox <object>_1", PLACEHOLDERS));
      Encoding together = encoder.encode(prompts, rows, scope);
      for (int j = 0; j < prompts.size(); j++) {
        Encoding alone = encoder.encode(List.of(prompts.get(j)), rows, scope);
        assertThat(difference(together.hidden(j), alone.hidden())).isLessThan(1e-5);
        assertThat(difference(together.pooled(j), alone.pooled())).isLessThan(1e-5);
      }
      assertThat(together.hidden().get("1, 2:").abs().max().getFloat()).isZero();
    }
  }

  @Test
  void featuresOfSubConceptsAreMeansOfHiddenStates() {
    try (NDManager scope = manager.newSubManager()) {
      NDArray features =
          encoder.features(List.of("A red fox", "An arctic fox"), FeatureSpace.JOINT, scope);
      assertThat(features.getShape()).isEqualTo(new Shape(2, 384));
      Encoding encoding =
          encoder.encode(List.of(encoder.tokenize("An arctic fox", List.of())), scope);
      assertThat(difference(features.get("1:2"), encoding.pooled())).isLessThan(1e-5);
      assertThat(features.getManager()).isSameAs(scope);
    }
  }

  @Test
  void twoThreadsGetTheGradientsThatOneGets() throws Exception {
    float[] alone = gradient();
    var threads = java.util.concurrent.Executors.newFixedThreadPool(2);
    try {
      var first = threads.submit(BertTextTest::gradient);
      var second = threads.submit(BertTextTest::gradient);
      assertThat(first.get()).containsExactly(alone);
      assertThat(second.get()).containsExactly(alone);
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void aStepOfThreeCaptionsIsMeasured() {
    List<Prompt> prompts =
        List.of(
            encoder.tokenize(
                "A fox <object> <object>_1 in rainbow <object> <object>_1 style", PLACEHOLDERS),
            encoder.tokenize("A fox <object> <object>_1 in rainbow style", PLACEHOLDERS),
            encoder.tokenize("A fox in rainbow <object> <object>_1 style", PLACEHOLDERS));
    PreparedPrompts prepared = encoder.prepare(prompts, manager);
    double best = Double.MAX_VALUE;
    for (int i = 0; i < 10; i++) {
      try (NDManager scope = manager.newSubManager()) {
        NDArray rows = rows(scope);
        rows.setRequiresGradient(true);
        long start = System.nanoTime();
        Encoding encoding = encoder.encodeDifferentiably(prepared, rows, scope);
        Gradients.backward(encoding.hidden().sum());
        best = Math.min(best, (System.nanoTime() - start) / 1e6);
        assertThat(rows.hasGradient()).isTrue();
      }
    }
    System.out.printf("MiniLM, three captions forward and backward: %.1f ms%n", best);
  }

  private static float[] gradient() {
    try (NDManager scope = manager.newSubManager()) {
      NDArray rows = rows(scope);
      rows.setRequiresGradient(true);
      PreparedPrompts prompts =
          encoder.prepare(List.of(encoder.tokenize(CAPTION, PLACEHOLDERS)), scope);
      Encoding encoding = encoder.encodeDifferentiably(prompts, rows, scope);
      Gradients.backward(encoding.pooled().pow(2).sum());
      return rows.getGradient().toFloatArray();
    }
  }

  private static NDArray rows(NDManager scope) {
    return scope.create(FormulaWeights.values("rows", 2 * 384, 0.05, 0, 1), new Shape(2, 384));
  }

  private static double difference(NDArray actual, NDArray expected) {
    assertThat(actual.getShape()).isEqualTo(expected.getShape());
    return actual.sub(expected).abs().max().getFloat();
  }
}
