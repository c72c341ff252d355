package io.diptych.engine.csd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.diptych.engine.Concept;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.DecompositionOptions.Optimiser;
import io.diptych.engine.DecompositionOptions.Profile;
import io.diptych.engine.DecompositionOptions.Rectification;
import io.diptych.engine.RunControl;
import io.diptych.engine.RunStoppedException;
import io.diptych.engine.StepReport;
import io.diptych.engine.TestModels;
import io.diptych.engine.backbone.SwittiBackbone;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What single steps of a run do; each test fails when its part is left out. */
class CsdStepsTest {

  private static final BufferedImage PICTURE = TestModels.picture(120);

  /** Without chance: no flips, no dropout. Few lines, so that runs are quick to set up. */
  private static final DecompositionOptions CERTAIN =
      DecompositionOptions.of("fox", "watercolor", 0).toBuilder()
          .stepsToTheEnd(1)
          .horizontalFlip(false)
          .rectification(
              new Rectification(
                  2, List.of("A red fox", "An Arctic fox", "A fennec"), Rectification.Space.JOINT))
          .optimiser(new Optimiser(0.1, 1e-2, 50, 0, 1, 0))
          .build();

  private static SwittiBackbone backbone;

  @BeforeAll
  static void load(@TempDir Path folder) {
    backbone = TestModels.TINY.load(folder);
  }

  @AfterAll
  static void close() {
    backbone.close();
  }

  /** The first step of AdamW moves the largest gradient's number by the learning rate. */
  @Test
  void theLearningRateGrowsFromHalfAPercentOverTheWarmUp() {
    Concept start = run(optimiser(CERTAIN, 1e-7, 0, 0));
    assertThat(moved(start, run(CERTAIN), "style.rows.0")).isCloseTo(5e-5, within(5e-6));
    assertThat(moved(start, run(optimiser(CERTAIN, 1e-2, 0, 0)), "style.rows.0"))
        .isCloseTo(1e-2, within(1e-4));
    DecompositionOptions two = optimiser(CERTAIN, 1e-2, 2, 0).toBuilder().stepsToTheEnd(2).build();
    assertThat(moved(start, run(two), "content.rows.0")) // the second step is half way
        .isCloseTo(1e-2 * (0.005 + 0.995 / 2), within(1e-4));
  }

  @Test
  void conditionDropoutTakesTheEmptyPromptAsOftenAsItSays() {
    double never = firstLoss(CERTAIN);
    double always = firstLoss(optimiser(CERTAIN, 1e-2, 50, 1));
    assertThat(always).isNotEqualTo(never);
    int dropped = 0;
    for (int seed = 0; seed < 8; seed++) {
      DecompositionOptions seeded = CERTAIN.toBuilder().seed(seed).build();
      double loss = firstLoss(optimiser(seeded, 1e-2, 50, 0.5));
      assertThat(loss).isIn(firstLoss(seeded), firstLoss(optimiser(seeded, 1e-2, 50, 1)));
      dropped += loss == firstLoss(seeded) ? 0 : 1;
    }
    assertThat(dropped).isBetween(1, 7);
  }

  @Test
  void aFlippedStepIsAStepOnTheMirroredPicture() {
    BufferedImage mirrored = new BufferedImage(120, 120, BufferedImage.TYPE_INT_RGB);
    for (int x = 0; x < 120; x++) {
      for (int y = 0; y < 120; y++) {
        mirrored.setRGB(119 - x, y, PICTURE.getRGB(x, y));
      }
    }
    int flipped = 0;
    for (int seed = 0; seed < 6; seed++) {
      DecompositionOptions straight = CERTAIN.toBuilder().seed(seed).build();
      double loss = firstLoss(straight.toBuilder().horizontalFlip(true).build());
      double other =
          backbone.decompose(mirrored, straight, RunControl.none()).metadata().losses().get(0);
      if (loss != firstLoss(straight)) {
        flipped++;
        assertThat(loss).isCloseTo(other, within(1e-3));
      }
    }
    assertThat(flipped).isBetween(1, 5);
  }

  @Test
  void theStyleIsRectifiedInStyleStepsAndInJointOnes() {
    for (boolean scaleAware : new boolean[] {true, false}) {
      DecompositionOptions with = CERTAIN.toBuilder().scaleAware(scaleAware).build();
      assertThat(firstLoss(with))
          .isNotEqualTo(firstLoss(with.toBuilder().rectification(null).build()));
    }
  }

  @Test
  void aRunInTheHiddenSpaceRemovesAsManyDirections() {
    Rectification joint = CERTAIN.rectification();
    Concept hidden =
        run(
            CERTAIN.toBuilder()
                .rectification(
                    new Rectification(2, joint.subConcepts(), Rectification.Space.HIDDEN))
                .build());
    float[] projector = hidden.tensors().get("projector.0").values();
    double trace = 0;
    for (int i = 0; i < 384; i++) {
      trace += projector[i * 384 + i];
    }
    assertThat(trace).isCloseTo(2, within(1e-3));
    // MiniLM has no projection: its joint space is its hidden one.
    assertThat(projector).isEqualTo(run(CERTAIN).tensors().get("projector.0").values());
  }

  @Test
  void theFaithfulVariantMovesTheIdleConceptByItsMomentum() {
    DecompositionOptions faithful =
        optimiser(CERTAIN, 1e-2, 0, 0).toBuilder().gradientIsolation(false).build();
    Concept content = run(faithful.toBuilder().stepsToTheEnd(2).build());
    Concept style = run(faithful.toBuilder().stepsToTheEnd(3).build());
    // The third step is about the style.
    assertThat(moved(content, style, "content.rows.0")).isGreaterThan(1e-3);
    assertThat(moved(content, style, "content.memory.0.k")).isGreaterThan(1e-3);
    assertThat(moved(content, style, "style.rows.0")).isGreaterThan(1e-3);
  }

  static Stream<Arguments> variants() {
    return Stream.of(
        Arguments.of("faithful", change(o -> o.gradientIsolation(false))),
        Arguments.of("joint", change(o -> o.scaleAware(false))),
        Arguments.of("paper", change(o -> o.profile(Profile.PAPER))));
  }

  private static DecompositionOptions change(UnaryOperator<DecompositionOptions.Builder> change) {
    return change
        .apply(
            DecompositionOptions.of("fox", "watercolor", 0).toBuilder()
                .rectification(CERTAIN.rectification())
                .steps(5)
                .evaluatedStep(4))
        .build();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("variants")
  void everyVariantResumesBitForBitEvenAfterItsLastStep(String name, DecompositionOptions options) {
    byte[] uninterrupted = ConceptFile.write(run(options));
    for (int stop : new int[] {1, 2, 4, 5}) {
      Interruption interruption = new Interruption(stop);
      assertThatThrownBy(() -> backbone.decompose(PICTURE, options, interruption))
          .isInstanceOf(RunStoppedException.class);
      byte[] resumed = ConceptFile.write(backbone.decompose(PICTURE, options, interruption));
      assertThat(Arrays.equals(resumed, uninterrupted)).as("stopped after %d", stop).isTrue();
      assertThat(interruption.steps).isEqualTo(5);
    }
  }

  /** Stops once with a checkpoint, then goes on from it. */
  private static final class Interruption implements RunControl {
    private final int stop;
    private int steps;
    private byte[] checkpoint;

    Interruption(int stop) {
      this.stop = stop;
    }

    @Override
    public Directive afterStep(StepReport report) {
      steps++;
      return report.step() == stop ? Directive.CHECKPOINT_AND_STOP : Directive.CONTINUE;
    }

    @Override
    public void checkpoint(int step, byte[] bytes) {
      checkpoint = bytes;
    }

    @Override
    public Optional<byte[]> resumeFrom() {
      return Optional.ofNullable(checkpoint);
    }
  }

  private static DecompositionOptions optimiser(
      DecompositionOptions options, double learningRate, int warmUp, double dropout) {
    return options.toBuilder()
        .optimiser(new Optimiser(0.1, learningRate, warmUp, 0, 1, dropout))
        .build();
  }

  private static Concept run(DecompositionOptions options) {
    return backbone.decompose(PICTURE, options, RunControl.none());
  }

  private static double firstLoss(DecompositionOptions options) {
    return run(options).metadata().losses().get(0);
  }

  private static double moved(Concept before, Concept after, String tensor) {
    float[] then = before.tensors().get(tensor).values();
    float[] now = after.tensors().get(tensor).values();
    double most = 0;
    for (int i = 0; i < now.length; i++) {
      most = Math.max(most, Math.abs(now[i] - then[i]));
    }
    return most;
  }
}
