package io.diptych.engine.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.Shape;
import io.diptych.engine.Sampling;
import io.diptych.engine.judge.JudgeArchitecture;
import io.diptych.engine.switti.SwittiArchitecture;
import io.diptych.engine.training.VqvaeTrainer.Helpers;
import io.diptych.engine.training.VqvaeTrainer.Part;
import io.diptych.engine.training.VqvaeTrainer.Teachers;
import io.diptych.engine.training.VqvaeTrainer.Window;
import io.diptych.engine.vqvae.VqvaeArchitecture;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Training through DJL equals training in plain PyTorch: {@code training/reference.py} made the
 * expected figures.
 */
class TrainingParityTest {

  private static final long SEED = 7;
  private static final int STEPS = 6;
  private static final double MARGIN = 1e-4;
  private static final List<Integer> SIDES = List.of(1, 2, 4);
  private static final JudgeArchitecture JUDGE = new JudgeArchitecture(List.of(8, 16), 5);
  private static final VqvaeArchitecture VQVAE =
      new VqvaeArchitecture(32, List.of(1, 1), 1, 8, 32, SIDES, 0, 0);
  private static final SwittiArchitecture SWITTI =
      new SwittiArchitecture(2, 32, 2, 16, 16, 8, 32, SIDES, 10000, 128, true, false);

  private static JsonNode reference;

  @TempDir private Path directory;

  @BeforeAll
  static void read() throws IOException {
    try (InputStream in =
        TrainingParityTest.class.getResourceAsStream("/training/reference.json")) {
      reference = JsonMapper.builder().build().readTree(in);
    }
  }

  @Test
  void numbersByFormulaAreTheSame() {
    assertThat(Draws.words(SEED, "sample", 4))
        .containsExactly(
            reference.path("words").valueStream().mapToInt(w -> (int) w.asLong()).toArray());
    assertThat(Draws.permutation(SEED, "sample", 8))
        .containsExactly(
            reference.path("permutation").valueStream().mapToLong(JsonNode::asLong).toArray());
    float[] head = InitialWeights.of("head.weight", new Shape(4, 2), SEED);
    for (int i = 0; i < head.length; i++) {
      assertThat(head[i]).isEqualTo((float) reference.path("head.weight").path(i).asDouble());
    }
  }

  @Test
  void theTokenizerLearnsAsInPlainPyTorch() {
    float[] pictures = numbers("images", 4 * 3 * 8 * 8, -1, 1);
    List<float[]> found = new ArrayList<>();
    try (VqvaeTrainer trainer = VqvaeTrainer.start(VQVAE, SEED, null, Helpers.NONE, "cpu", false)) {
      for (int step = 0; step < STEPS; step++) {
        if (step == 2) {
          trainer.reseed(pictures, Draws.permutation(SEED, "order", 4 * 21));
        }
        found.add(
            trainer.step(
                pictures,
                null,
                schedule(step),
                step < 2 ? Part.AUTO_ENCODER : Part.WHOLE,
                Teachers.NONE));
      }
    }
    assertAgreement("vqvae", found);
  }

  @Test
  void valuesThatDoNotFillPicturesAreRefused() {
    try (VqvaeTrainer trainer = VqvaeTrainer.start(VQVAE, SEED, null, Helpers.NONE, "cpu", false)) {
      assertThatThrownBy(() -> trainer.encode(new float[3 * 12 * 12]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("432 values")
          .hasMessageContaining("8 px");
    }
  }

  @Test
  void aDecoderLearnsFromItsTeachersAsInPlainPyTorch() throws IOException {
    Path judge = untrainedJudge();
    VqvaeArchitecture larger = new VqvaeArchitecture(32, List.of(1, 1, 1), 1, 8, 32, SIDES, 2, 0);
    float[] pictures = numbers("larger images", 4 * 3 * 16 * 16, -1, 1);
    List<float[]> found = new ArrayList<>();
    Helpers helpers = new Helpers(true, 0);
    try (VqvaeTrainer trainer = VqvaeTrainer.start(larger, SEED, null, helpers, "cpu", false)) {
      trainer.bring(JUDGE, judge);
      for (int step = 0; step < STEPS; step++) {
        Teachers teachers =
            new Teachers(0.5 * step, 3, 0.25 * (STEPS - 1 - step), Window.of(SEED, step), 0);
        found.add(trainer.step(pictures, null, schedule(step), Part.DECODER, teachers));
      }
    }
    assertAgreement("decoder", found);
    assertThat(found.get(0)[3]).as("hinge loss without a discriminator").isZero();
    assertThat(found.get(STEPS - 1)[3]).as("hinge loss with one").isBetween(0.5f, 4f);
    assertThat(found.get(0)[5]).as("style loss by a judge").isBetween(0.5f, 1.5f);
    assertThat(found.get(STEPS - 1)[5]).as("style loss without one").isZero();
  }

  @Test
  void theStyleLossLooksThroughEveryWindow() throws IOException {
    assertThat(IntStream.range(0, 500).mapToObj(step -> Window.of(SEED, step)).distinct())
        .hasSize(5 * 5 * 2);
    float[] pictures = numbers("images", 4 * 3 * 8 * 8, -1, 1);
    Path judge = untrainedJudge();
    Set<Float> seen = new HashSet<>();
    for (Window window :
        List.of(
            new Window(0, 0, false),
            new Window(4, 0, false),
            new Window(0, 4, false),
            new Window(0, 0, true))) {
      try (VqvaeTrainer trainer =
          VqvaeTrainer.start(VQVAE, SEED, null, Helpers.NONE, "cpu", false)) {
        trainer.bring(JUDGE, judge);
        Teachers teachers = new Teachers(0, 1, 1, window, 0);
        seen.add(trainer.step(pictures, null, schedule(0), Part.DECODER, teachers)[5]);
      }
    }
    assertThat(seen).as("style losses of one step").hasSize(4).doesNotContain(0f);
  }

  @Test
  void aDecoderLearnsFromDrawnTokensAsInPlainPyTorch() throws IOException {
    float[] pictures = numbers("images", 4 * 3 * 8 * 8, -1, 1);
    float[] bias = {0, 0, 0, 0, 0, Float.NEGATIVE_INFINITY};
    TextBatch text =
        new TextBatch(
            3, numbers("context", 2 * 3 * 16, -1, 1), bias, numbers("pooled", 2 * 16, -1, 1));
    TextBatch empty =
        new TextBatch(
            1, numbers("empty", 16, -1, 1), new float[1], numbers("pooled empty", 16, -1, 1));
    VqvaeArchitecture twice = new VqvaeArchitecture(32, List.of(1, 1), 1, 8, 32, SIDES, 0, 1);
    List<float[]> found = new ArrayList<>();
    float[] own;
    try (VqvaeTrainer trainer = VqvaeTrainer.start(twice, SEED, null, Helpers.NONE, "cpu", false)) {
      trainer.bring(JUDGE, untrainedJudge());
      trainer.bring(SWITTI, untrainedTransformer());
      for (int step = 0; step < STEPS; step++) {
        VqvaeTrainer.Drawing drawing =
            new VqvaeTrainer.Drawing(
                new int[] {0, 2}, text, empty, Sampling.DEFAULT, SEED, 4 * step, 1 + step);
        Teachers teachers = new Teachers(0, 1, 0.5, Window.of(SEED, step), 0);
        found.add(trainer.step(pictures, drawing, schedule(step), Part.DECODER, teachers));
      }
    }
    assertAgreement("drawn", found);
    try (VqvaeTrainer trainer = VqvaeTrainer.start(twice, SEED, null, Helpers.NONE, "cpu", false)) {
      own = trainer.step(pictures, null, schedule(0), Part.DECODER, Teachers.NONE);
    }
    assertThat(own[0]).as("error of the pictures' own tokens").isNotEqualTo(found.get(0)[0]);
  }

  @Test
  void anEncoderLearnsWhatAJudgeSaysAsInPlainPyTorch() throws IOException {
    Path judge = untrainedJudge();
    float[] pictures = numbers("images", 4 * 3 * 8 * 8, -1, 1);
    List<float[]> found = new ArrayList<>();
    Helpers helpers = new Helpers(false, JUDGE.classes());
    try (VqvaeTrainer trainer = VqvaeTrainer.start(VQVAE, SEED, null, helpers, "cpu", false)) {
      trainer.bring(JUDGE, judge);
      for (int step = 0; step < STEPS; step++) {
        Teachers teachers =
            new Teachers(0, 1, 0.25 * (STEPS - 1 - step), Window.of(SEED, step), 0.5);
        found.add(trainer.step(pictures, null, schedule(step), Part.WHOLE, teachers));
      }
    }
    assertAgreement("distilled", found);
    assertThat(found.get(STEPS - 1)[6])
        .as("divergence of the reader")
        .isPositive()
        .isLessThan(found.get(0)[6]);
  }

  @Test
  void theTransformerLearnsAsInPlainPyTorch() throws IOException {
    float[] bias = {0, 0, 0, 0, 0, Float.NEGATIVE_INFINITY};
    TextBatch text =
        new TextBatch(
            3, numbers("context", 2 * 3 * 16, -1, 1), bias, numbers("pooled", 2 * 16, -1, 1));
    int[] drawn = Draws.below(SEED, "codes", 42, 32);
    long[] codes = new long[42];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = drawn[i];
    }
    SwittiTrainer.Flips flips = new SwittiTrainer.Flips(0.2, numbers("noise", 42, 0, 1), codes);
    float[] latents = numbers("latents", 2 * 8 * 4 * 4, -1, 1);
    List<float[]> found = new ArrayList<>();
    try (SwittiTrainer trainer =
        SwittiTrainer.start(SWITTI, VQVAE, untrainedTokenizer(), SEED, null, "cpu", false)) {
      for (int step = 0; step < STEPS; step++) {
        found.add(trainer.step(latents, flips, text, schedule(step)));
      }
    }
    assertAgreement("switti", found);
  }

  @Test
  void aTransformerLearnsOnTheCropThatPicturesAreDrawnWith() throws IOException {
    SwittiArchitecture cropped =
        new SwittiArchitecture(2, 32, 2, 16, 16, 8, 32, SIDES, 10000, 128, true, true);
    TextBatch text =
        new TextBatch(
            3, numbers("context", 2 * 3 * 16, -1, 1), new float[6], numbers("pooled", 32, -1, 1));
    SwittiTrainer.Flips none = new SwittiTrainer.Flips(0, numbers("noise", 42, 0, 1), new long[42]);
    float[] latents = numbers("latents", 2 * 8 * 4 * 4, -1, 1);
    try (SwittiTrainer trainer =
        SwittiTrainer.start(cropped, VQVAE, untrainedTokenizer(), SEED, null, "cpu", false)) {
      float[] drawing = trainer.crossEntropy(latents, text);
      float[] training = trainer.step(latents, none, text, schedule(0));
      assertThat(Arrays.copyOfRange(training, 1, training.length))
          .containsExactly(drawing, Offset.offset(1e-5f));
    }
  }

  @Test
  void aJudgeLearnsAsInPlainPyTorch() {
    float[] pictures = numbers("images", 4 * 3 * 8 * 8, -1, 1);
    List<float[]> found = new ArrayList<>();
    try (JudgeTrainer trainer = JudgeTrainer.start(JUDGE, SEED, "cpu", false)) {
      for (int step = 0; step < STEPS; step++) {
        found.add(trainer.step(pictures, 8, new long[] {0, 1, 2, 4}, schedule(step), 0.1));
      }
    }
    assertAgreement("judge", found);
  }

  private Path untrainedTokenizer() throws IOException {
    Path tokenizer = directory.resolve("vqvae.safetensors");
    try (VqvaeTrainer untrained =
        VqvaeTrainer.start(VQVAE, SEED, null, Helpers.NONE, "cpu", false)) {
      untrained.save(tokenizer, Map.of());
    }
    return tokenizer;
  }

  private Path untrainedTransformer() throws IOException {
    Path transformer = directory.resolve("switti.safetensors");
    try (SwittiTrainer untrained =
        SwittiTrainer.start(SWITTI, VQVAE, untrainedTokenizer(), SEED, null, "cpu", false)) {
      untrained.save(transformer, Map.of());
    }
    return transformer;
  }

  private Path untrainedJudge() throws IOException {
    Path judge = directory.resolve("judge.safetensors");
    try (JudgeTrainer untrained = JudgeTrainer.start(JUDGE, SEED, "cpu", false)) {
      untrained.save(judge, Map.of());
    }
    return judge;
  }

  private static Schedule schedule(int step) {
    return new Schedule(1e-3, 0.9, 0.95, 0.01, 1, step + 1, 0.9);
  }

  private static float[] numbers(String name, int count, double low, double high) {
    double[] uniform = Draws.uniform(SEED, name, count);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) (low + (high - low) * uniform[i]);
    }
    return numbers;
  }

  private static void assertAgreement(String model, List<float[]> found) {
    double largest = 0;
    for (int step = 0; step < STEPS; step++) {
      JsonNode expected = reference.path(model).path(step);
      assertThat(found.get(step)).hasSize(expected.size());
      for (int i = 0; i < expected.size(); i++) {
        double value = expected.path(i).asDouble();
        double relative = Math.abs(found.get(step)[i] - value) / Math.max(1, Math.abs(value));
        largest = Math.max(largest, relative);
      }
    }
    System.out.printf(
        "training: %s, %d steps, largest difference to plain PyTorch %.1e (bound %.0e)%n",
        model, STEPS, largest, MARGIN);
    assertThat(largest).isLessThan(MARGIN);
  }
}
