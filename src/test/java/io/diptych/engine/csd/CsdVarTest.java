package io.diptych.engine.csd;

import static io.diptych.engine.GoldenModels.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.Concept;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.DecompositionOptions.Memory;
import io.diptych.engine.DecompositionOptions.Profile;
import io.diptych.engine.DecompositionOptions.Rectification;
import io.diptych.engine.EngineException;
import io.diptych.engine.RunControl;
import io.diptych.engine.RunStoppedException;
import io.diptych.engine.StepReport;
import io.diptych.engine.TestModels;
import io.diptych.engine.backbone.SwittiBackbone;
import io.diptych.engine.weights.ModelSource;
import io.diptych.engine.weights.SafetensorsWriter;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CsdVarTest {

  private static final BufferedImage PICTURE = TestModels.picture(120);

  private static SwittiBackbone backbone;

  @BeforeAll
  static void load(@TempDir Path folder) {
    backbone = TestModels.TINY.load(folder);
  }

  @AfterAll
  static void close() {
    backbone.close();
  }

  @Test
  void aRunResumedAtAnyStepEndsInTheSameArtifactBitForBit() {
    DecompositionOptions options = options(12, 10);
    byte[] uninterrupted =
        ConceptFile.write(backbone.decompose(PICTURE, options, RunControl.none()));
    for (int stop = 1; stop < 12; stop++) {
      Stopping first = new Stopping(stop);
      assertThatThrownBy(() -> backbone.decompose(PICTURE, options, first))
          .isInstanceOf(RunStoppedException.class);
      assertThat(first.reports).hasSize(stop);
      Resuming second = new Resuming(first.checkpoint);
      byte[] resumed = ConceptFile.write(backbone.decompose(PICTURE, options, second));
      assertThat(second.reports).hasSize(12 - stop);
      assertThat(resumed).as("stopped after step %d", stop).isEqualTo(uninterrupted);
    }
  }

  @Test
  void wordsThatWereFoundStayWhenTheRunIsResumed() {
    DecompositionOptions open = options(6, 6).toBuilder().contentWord(null).styleWord(null).build();
    Concept whole = backbone.decompose(PICTURE, open, RunControl.none());
    Stopping first = new Stopping(3);
    assertThatThrownBy(() -> backbone.decompose(PICTURE, open, first))
        .isInstanceOf(RunStoppedException.class);
    Concept resumed = backbone.decompose(PICTURE, open, new Resuming(first.checkpoint));

    DecompositionOptions found = whole.metadata().options();
    assertThat(found.contentWord()).isIn("fox", "castle", "car");
    assertThat(found.styleWord()).isIn("watercolor", "woodcut");
    assertThat(ConceptFile.write(resumed)).isEqualTo(ConceptFile.write(whole));
    // The same as if they had been given, and a checkpoint of other words is of another run.
    assertThat(artifact(found)).isEqualTo(ConceptFile.write(whole));
    DecompositionOptions other = found.toBuilder().contentWord("heron").build();
    assertThatThrownBy(() -> backbone.decompose(PICTURE, other, new Resuming(first.checkpoint)))
        .hasMessageContaining("other options");
  }

  @Test
  void aRunThatIsToStopWhileItsWordsAreFoundTakesNoStep() {
    DecompositionOptions open = options(6, 6).toBuilder().contentWord(null).build();
    Recording stopped =
        new Recording() {
          @Override
          public boolean stopRequested() {
            return true;
          }
        };
    assertThatThrownBy(() -> backbone.decompose(PICTURE, open, stopped))
        .isInstanceOf(RunStoppedException.class);
    assertThat(stopped.reports).isEmpty();
  }

  @Test
  void aRunThatIsToStopWhileItsSubConceptsAreFoundTakesNoStep(@TempDir Path folder) {
    AtomicBoolean stop = new AtomicBoolean();
    Recording stopped =
        new Recording() {
          @Override
          public boolean stopRequested() {
            return stop.get();
          }
        };
    SubConcepts slow =
        (contentWord, wanted) -> {
          if (stop.getAndSet(true)) {
            throw new AssertionError("Sub-concepts are sought for a run that is to stop.");
          }
          return new WordNetSubConcepts().of(contentWord, wanted);
        };
    try (SwittiBackbone waiting =
        SwittiBackbone.load(TestModels.TINY.source(folder), "cpu", slow)) {
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> waiting.decompose(PICTURE, options(6, 6), stopped))
            .isInstanceOf(RunStoppedException.class);
      }
    }
    assertThat(stopped.reports).isEmpty();
    assertThat(stopped.checkpoint).isEmpty();
  }

  @Test
  void aProfileThatTheModelLacksIsRefusedBeforeAnyWordIsSought() {
    DecompositionOptions open =
        options(6, 6).toBuilder().contentWord(null).profile(Profile.MEASURED).build();
    Recording seeking =
        new Recording() {
          @Override
          public boolean stopRequested() {
            throw new AssertionError("Words are being sought.");
          }
        };
    assertThatThrownBy(() -> backbone.decompose(PICTURE, open, seeking))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("MEASURED");
  }

  @Test
  void theSameSeedGivesTheSameArtifactAndAnotherSeedAnother() {
    byte[] first = artifact(options(6, 6));
    assertThat(artifact(options(6, 6))).isEqualTo(first);
    DecompositionOptions other = DecompositionOptions.of("fox", "watercolor", 1);
    assertThat(artifact(other.toBuilder().stepsToTheEnd(6).build())).isNotEqualTo(first);
  }

  @Test
  void theStateOfTheEvaluatedStepIsKeptWhileTheRunGoesOn() {
    Concept early = backbone.decompose(PICTURE, options(6, 6), RunControl.none());
    Concept late = backbone.decompose(PICTURE, options(9, 6), RunControl.none());
    assertThat(late.metadata().losses()).hasSize(9);
    early
        .tensors()
        .forEach(
            (name, tensor) ->
                assertThat(late.tensors().get(name).values()).as(name).isEqualTo(tensor.values()));
  }

  @Test
  void aStepChangesOnlyTheConceptItIsAbout() {
    List<Concept> states = new ArrayList<>();
    for (int step = 1; step <= 4; step++) {
      states.add(backbone.decompose(PICTURE, options(step, step), RunControl.none()));
    }
    for (int step = 2; step <= 4; step++) {
      boolean styleStep = step % 2 == 1; // the first step is a style step
      Concept before = states.get(step - 2);
      Concept after = states.get(step - 1);
      for (String name : after.tensors().keySet()) {
        float[] now = after.tensors().get(name).values();
        float[] then = before.tensors().get(name).values();
        boolean active = name.startsWith(styleStep ? "style." : "content.");
        assertThat(Arrays.equals(now, then)).as("%s in step %d", name, step).isEqualTo(!active);
      }
    }
  }

  @Test
  void theFaithfulVariantMovesBothConceptsInEveryStep() {
    DecompositionOptions faithful = faithful(2);
    Concept one = backbone.decompose(PICTURE, faithful(1), RunControl.none());
    Concept two = backbone.decompose(PICTURE, faithful, RunControl.none());
    for (String name : List.of("content.rows.0", "style.rows.0", "style.memory.0.k")) {
      assertThat(two.tensors().get(name).values())
          .as(name)
          .isNotEqualTo(one.tensors().get(name).values());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"OFFICIAL_CODE", "PAPER"})
  void theLossFallsWithTraining(Profile profile) {
    assertLossFalls(backbone, profile);
  }

  @Test
  void theLossFallsByTheScalesThatWereMeasuredWhereTheyWere(@TempDir Path folder)
      throws IOException {
    Path manifest = TestModels.TINY.write(folder).resolve("model.json");
    String weights = "{\"content\": [0.1, 0.3, 0.4, 0.2, 0.1], \"style\": [1, 0.4, 0.2, 0, 0.1]}";
    Files.writeString(
        manifest,
        Files.readString(manifest)
            .replace("\"defaults\"", "\"scaleWeights\": " + weights + ", \"defaults\""));
    ModelSource.Settings offline = ModelSource.Settings.offline(folder.resolve("cache"));
    try (SwittiBackbone measured =
        SwittiBackbone.load(
            ModelSource.open(folder.toString(), offline), "cpu", new WordNetSubConcepts())) {
      assertLossFalls(measured, Profile.MEASURED);
    }
    DecompositionOptions unknown = options(1, 1).toBuilder().profile(Profile.MEASURED).build();
    assertThatThrownBy(() -> backbone.validate(unknown)).hasMessageContaining("were not measured");
  }

  private static void assertLossFalls(SwittiBackbone model, Profile profile) {
    DecompositionOptions options = options(60, 60).toBuilder().profile(profile).build();
    Recording control = new Recording();
    model.decompose(PICTURE, options, control);
    double early = mean(control.reports.subList(0, 10));
    double late = mean(control.reports.subList(50, 60));
    System.out.printf("csd: %s mean loss %.4f -> %.4f in 60 steps%n", profile, early, late);
    assertThat(late).isLessThan(early - 0.02);
  }

  @Test
  void reportsGiveTheLossOfEveryScaleThatWasComputed() {
    Recording control = new Recording();
    backbone.decompose(PICTURE, options(2, 2).toBuilder().profile(Profile.PAPER).build(), control);
    assertThat(control.reports.get(0).kind()).isEqualTo(StepReport.Kind.STYLE);
    assertThat(control.reports.get(0).scaleLosses()).hasSize(5).noneMatch(d -> d.isNaN());
    assertThat(control.reports.get(1).kind()).isEqualTo(StepReport.Kind.CONTENT);
    assertThat(control.reports.get(1).scaleLosses().get(4)).isNaN(); // last scale is style's
  }

  @Test
  void everyPartCanBeSwitchedOff() {
    DecompositionOptions o = options(3, 3);
    List<DecompositionOptions> ablations =
        List.of(
            o.toBuilder().memory(null).build(),
            o.toBuilder().rectification(null).build(),
            o.toBuilder().scaleAware(false).build(),
            o.toBuilder().scaleAware(false).memory(null).rectification(null).build(),
            o.toBuilder().memory(new Memory(List.of(1, 0), 3)).tokens(1).build(),
            o.toBuilder().rectification(rectification(1)).tokens(8).build());
    for (DecompositionOptions options : ablations) {
      Recording control = new Recording();
      Concept concept = backbone.decompose(PICTURE, options, control);
      assertThat(concept.tensors().get("content.rows.0").shape())
          .containsExactly(options.tokens(), 384);
      int blocks = options.memory() == null ? 0 : options.memory().blocks().size();
      assertThat(concept.tensors().keySet().stream().filter(n -> n.contains("memory")))
          .hasSize(4 * blocks);
      assertThat(concept.tensors().containsKey("projector.0"))
          .isEqualTo(options.rectification() != null);
      assertThat(control.reports.get(0).kind() == StepReport.Kind.JOINT)
          .isEqualTo(!options.scaleAware());
      assertThat(ConceptFile.read(ConceptFile.write(concept)).metadata())
          .isEqualTo(concept.metadata());
    }
  }

  @Test
  void theProjectorIsSymmetricIdempotentAndOfTheRankAskedFor() {
    for (int rank : new int[] {3, 5, 10, 20}) {
      DecompositionOptions o = options(1, 1);
      Concept concept =
          backbone.decompose(
              PICTURE, o.toBuilder().rectification(rectification(rank)).build(), RunControl.none());
      try (NDManager manager = NDManager.newBaseManager()) {
        Concept.Tensor tensor = concept.tensors().get("projector.0");
        NDArray p = manager.create(tensor.values(), new Shape(tensor.shape()));
        double asymmetry = p.sub(p.transpose()).abs().max().getFloat();
        double unsteady = p.matMul(p).sub(p).abs().max().getFloat();
        double trace = p.mul(manager.eye(384)).sum().getFloat();
        System.out.printf(
            "csd: projector of rank %d: asymmetry %.1e, PP-P %.1e, trace %.5f%n",
            rank, asymmetry, unsteady, trace);
        assertThat(asymmetry).isLessThan(1e-6);
        assertThat(unsteady).isLessThan(1e-5);
        assertThat(trace).isCloseTo(rank, Offset.offset(1e-3));
      }
    }
  }

  @Test
  void rectifiedRowsAreOrthogonalToTheSubConceptDirections() {
    try (NDManager manager = NDManager.newBaseManager();
        CsdProgram program = new CsdProgram(List.of(1, 2), manager)) {
      NDArray embeddings = normal(manager, 1, 50, 24);
      NDArray projector = program.projector(manager, embeddings, 6);
      NDArray hidden = normal(manager, 2, 2, 9, 24);
      NDArray rectified =
          program.rectify(manager, hidden, manager.create(new long[] {2, 5}), projector, false);
      NDArray style = rectified.get(":, 2");
      assertThat(style.matMul(projector).abs().max().getFloat()).isLessThan(1e-5f);
      assertThat(hidden.get(":, 2").matMul(projector).abs().max().getFloat()).isGreaterThan(0.1f);
      // the largest directions are gone: the embeddings' own best approximation is spanned by them
      NDArray rank6 = embeddings.matMul(projector);
      assertThat(style.matMul(rank6.transpose()).abs().max().getFloat()).isLessThan(1e-4f);
      assertThat(rectified.get(":, 3").toFloatArray()).isEqualTo(hidden.get(":, 3").toFloatArray());
    }
  }

  @Test
  void theProjectorHasNoDirectionThatTheSubConceptsDoNotSpan() {
    try (NDManager manager = NDManager.newBaseManager();
        CsdProgram program = new CsdProgram(List.of(1, 2), manager)) {
      NDArray three = normal(manager, 3, 3, 24);
      NDArray embeddings = normal(manager, 4, 10, 3).matMul(three);
      NDArray projector = program.projector(manager, embeddings, 6);
      assertThat(projector.mul(manager.eye(24)).sum().getFloat())
          .isCloseTo(3, Offset.offset(1e-4f));
      assertThat(embeddings.matMul(projector).sub(embeddings).abs().max().getFloat())
          .isLessThan(1e-4f);
      NDArray nothing = program.projector(manager, embeddings.zerosLike(), 6);
      assertThat(nothing.abs().max().getFloat()).isZero();
    }
  }

  @Test
  void aCheckpointOfAnotherRunIsRefused() {
    Stopping stopping = new Stopping(2);
    DecompositionOptions options = options(4, 4);
    assertThatThrownBy(() -> backbone.decompose(PICTURE, options, stopping))
        .isInstanceOf(RunStoppedException.class);
    byte[] checkpoint = stopping.checkpoint;
    assertThatThrownBy(() -> backbone.decompose(PICTURE, options(5, 4), new Resuming(checkpoint)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("other options");
    assertThatThrownBy(
            () -> backbone.decompose(TestModels.picture(100), options, new Resuming(checkpoint)))
        .hasMessageContaining("another picture");
    byte[] damaged = Arrays.copyOf(checkpoint, checkpoint.length / 2);
    assertThatThrownBy(() -> backbone.decompose(PICTURE, options, new Resuming(damaged)))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INVALID_OPTIONS))
        .hasMessageContaining("The checkpoint is damaged");
  }

  @Test
  void aCheckpointWithHolesIsRefusedInWords() {
    Stopping stopping = new Stopping(2);
    DecompositionOptions options = options(4, 2);
    assertThatThrownBy(() -> backbone.decompose(PICTURE, options, stopping))
        .isInstanceOf(RunStoppedException.class);
    Checkpoint whole = Checkpoint.read(stopping.checkpoint);
    assertThat(whole.tensors().keySet())
        .contains("parameter.style.rows.0", "evaluated.content.memory.0.k", "projector.0");
    for (String name : whole.tensors().keySet()) {
      SortedMap<String, Concept.Tensor> tensors = new TreeMap<>(whole.tensors());
      tensors.remove(name);
      byte[] holed = new Checkpoint(whole.state(), tensors).write();
      assertThatThrownBy(() -> backbone.decompose(PICTURE, options, new Resuming(holed)))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("lacks " + name);
    }
    byte[] headless = new SafetensorsWriter().metadata("diptych.checkpoint", "1").toBytes();
    assertThatThrownBy(() -> backbone.decompose(PICTURE, options, new Resuming(headless)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("incomplete header");
  }

  @Test
  void optionsAtFaultAreAllNamedBeforeAnythingRuns() {
    DecompositionOptions o = options(3, 5);
    DecompositionOptions wrong =
        o.toBuilder().memory(new Memory(List.of(0, 2), 0)).tokens(99).build();
    assertThatThrownBy(() -> backbone.validate(wrong))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INVALID_OPTIONS))
        .hasMessageContaining("evaluatedStep is 5 but must be from 1 to 3")
        .hasMessageContaining("tokens is 99")
        .hasMessageContaining("memory.pairs is 0")
        .hasMessageContaining("memory.blocks is 2");
    assertThatThrownBy(
            () -> backbone.validate(DecompositionOptions.of("fox ".repeat(120), "art", 0)))
        .isInstanceOf(EngineException.class);
    assertThatThrownBy(() -> backbone.validate(DecompositionOptions.of("fox", " ", 0)))
        .hasMessageContaining("styleWord is empty");
  }

  @Test
  void aWordThatWordNetDoesNotKnowHasAFallback() {
    DecompositionOptions o =
        DecompositionOptions.of("blorptang", "art", 0).toBuilder().stepsToTheEnd(1).build();
    Concept concept = backbone.decompose(PICTURE, o, RunControl.none());
    assertThat(concept.metadata().subConceptSource()).containsIgnoringCase("general");
  }

  @Test
  void whatNoEncoderTakesIsRefusedBeforeAnythingRuns() {
    DecompositionOptions o = options(1, 1);
    DecompositionOptions longLine =
        o.toBuilder()
            .rectification(
                new Rectification(1, List.of("\u72d0".repeat(150)), Rectification.Space.JOINT))
            .build();
    DecompositionOptions wordWithoutTokens = o.toBuilder().styleWord("ink \u200b").build();
    for (DecompositionOptions wrong : List.of(longLine, wordWithoutTokens)) {
      assertThatThrownBy(() -> backbone.validate(wrong))
          .isInstanceOfSatisfying(
              EngineException.class,
              e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INVALID_OPTIONS));
    }
  }

  @Test
  void aSourceKnowsTheRankAndWhichLinesTheEncodersTake(@TempDir Path folder) {
    List<LinesWanted> wishes = new ArrayList<>();
    SubConcepts asked =
        (contentWord, wanted) -> {
          wishes.add(wanted);
          return new WordNetSubConcepts().of(contentWord, wanted);
        };
    try (SwittiBackbone model = SwittiBackbone.load(TestModels.TINY.source(folder), "cpu", asked)) {
      model.validate(options(1, 1).toBuilder().rectification(rectification(20)).build());
      LinesWanted wanted = wishes.get(0);
      assertThat(wanted.atLeast()).isEqualTo(20);
      assertThat(wanted.fits()).accepts("A red fox").rejects("\u72d0".repeat(150));
    }
  }

  @Test
  void aModelWithoutContentScalesIsRefused(@TempDir Path folder) {
    TestModels few = new TestModels(32, 1, 8, 64, 2, 64, 2, true, List.of(1, 2, 3, 4));
    try (SwittiBackbone small = few.load(folder)) {
      small.validate(options(2, 2));
      DecompositionOptions paper = options(2, 2).toBuilder().profile(Profile.PAPER).build();
      assertThatThrownBy(() -> small.validate(paper))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("4 scales");
      small.validate(paper.toBuilder().scaleAware(false).build());
    }
  }

  private byte[] artifact(DecompositionOptions options) {
    return ConceptFile.write(backbone.decompose(PICTURE, options, RunControl.none()));
  }

  private static double mean(List<StepReport> reports) {
    return reports.stream().mapToDouble(StepReport::loss).average().orElseThrow();
  }

  private static DecompositionOptions options(int steps, int evaluatedStep) {
    return DecompositionOptions.of("fox", "watercolor", 0).toBuilder()
        .steps(steps)
        .evaluatedStep(evaluatedStep)
        .build();
  }

  private static DecompositionOptions faithful(int steps) {
    return options(steps, steps).toBuilder().gradientIsolation(false).build();
  }

  private static Rectification rectification(int rank) {
    return new Rectification(rank, List.of(), Rectification.Space.JOINT);
  }

  private static class Recording implements RunControl {
    final List<StepReport> reports = new ArrayList<>();
    byte[] checkpoint = new byte[0];

    @Override
    public Directive afterStep(StepReport report) {
      reports.add(report);
      return Directive.CONTINUE;
    }

    @Override
    public void checkpoint(int step, byte[] bytes) {
      checkpoint = bytes;
    }

    @Override
    public Optional<byte[]> resumeFrom() {
      return Optional.empty();
    }
  }

  private static final class Stopping extends Recording {
    private final int step;

    Stopping(int step) {
      this.step = step;
    }

    @Override
    public Directive afterStep(StepReport report) {
      super.afterStep(report);
      return report.step() == step ? Directive.CHECKPOINT_AND_STOP : Directive.CONTINUE;
    }
  }

  private static final class Resuming extends Recording {
    private final byte[] from;

    Resuming(byte[] from) {
      this.from = from;
    }

    @Override
    public Optional<byte[]> resumeFrom() {
      return Optional.of(from);
    }
  }
}
