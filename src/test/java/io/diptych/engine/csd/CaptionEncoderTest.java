package io.diptych.engine.csd;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.Concept.Tensor;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.DecompositionOptions.Rectification.Space;
import io.diptych.engine.TestModels;
import io.diptych.engine.sample.Sampler.TextCondition;
import io.diptych.engine.text.TextEncoder;
import io.diptych.engine.text.TextEncoders;
import io.diptych.engine.weights.ModelSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Backbones.md 5.4 (d): ordinary words have gradients that count for the clip norm. */
class CaptionEncoderTest {

  private static final DecompositionOptions OPTIONS =
      DecompositionOptions.of("fox", "watercolor", 0);

  @Test
  void ordinaryWordsHaveGradientsWithoutChangingTheEncodingOrThoseOfTheLearnedRows(
      @TempDir Path folder) {
    ModelSource source = TestModels.TINY.source(folder);
    try (NDManager manager = NDManager.newBaseManager();
        CsdProgram program = new CsdProgram(source.manifest().scales(), manager)) {
      List<TextEncoder> encoders = TextEncoders.load(source, manager, DataType.FLOAT32);
      ConceptText text = new ConceptText(encoders, program, manager);
      List<NDArray> content = rows(text, manager, "fox", true);
      List<NDArray> style = rows(text, manager, "watercolor", false);
      Captions captions = Captions.of(OPTIONS);
      CaptionEncoder isolated = new CaptionEncoder(text, program, captions, manager, false);
      CaptionEncoder faithful = new CaptionEncoder(text, program, captions, manager, true);

      TextCondition one = isolated.full(manager, content, style, null);
      TextCondition other = faithful.full(manager, content, style, null);
      List<NDArray> learned = new ArrayList<>(content);
      learned.addAll(style);
      List<NDArray> reached = new ArrayList<>(learned);
      reached.addAll(faithful.ordinaryRows());
      NDList few = program.gradients(manager, one.pooled().square().sum(), learned);
      NDList all = program.gradients(manager, other.pooled().square().sum(), reached);

      assertThat(isolated.ordinaryRows()).isEmpty();
      assertThat(difference(one.context(), other.context())).isLessThan(1e-5);
      for (int i = 0; i < learned.size(); i++) {
        assertThat(difference(few.get(i), all.get(i)))
            .isLessThan(1e-4 * few.get(i).abs().max().getFloat());
      }
      for (NDArray gradient : all.subList(learned.size(), all.size())) {
        assertThat(gradient.abs().max().getFloat()).isGreaterThan(0);
      }
    }
  }

  @Test
  void theStylesRowsOfCaptionsAreOrthogonalToTheDirectionsAndNothingElseChanges(
      @TempDir Path folder) {
    ModelSource source = TestModels.TINY.source(folder);
    try (NDManager manager = NDManager.newBaseManager();
        CsdProgram program = new CsdProgram(source.manifest().scales(), manager)) {
      ConceptText text =
          new ConceptText(TextEncoders.load(source, manager, DataType.FLOAT32), program, manager);
      List<NDArray> content = rows(text, manager, "fox", true);
      List<NDArray> style = rows(text, manager, "watercolor", false);
      NDArray projector =
          program.projector(
              manager,
              text.features(
                  manager, 0, List.of("a fox", "a red fox", "a hen", "a hat"), Space.JOINT),
              3);
      // As a run does: results of programs cannot be saved for gradients, arrays from values can.
      NDArray constant = manager.create(projector.toFloatArray(), projector.getShape());
      List<NDArray> projectors = List.of(constant);
      for (boolean faithful : new boolean[] {false, true}) {
        CaptionEncoder captions =
            new CaptionEncoder(text, program, Captions.of(OPTIONS), manager, faithful);
        assertRectified(
            captions.style(manager, style, null).context(),
            captions.style(manager, style, projectors).context(),
            constant);
        assertRectified(
            captions.full(manager, content, style, null).context(),
            captions.full(manager, content, style, projectors).context(),
            constant);
      }
    }
  }

  /** Captions end in four rows of the style, "style" and [SEP]. */
  private static void assertRectified(NDArray plain, NDArray rectified, NDArray projector) {
    long tokens = plain.getShape().get(1);
    String own = "0, " + (tokens - 6) + ":" + (tokens - 2);
    assertThat(plain.get(own).matMul(projector).abs().max().getFloat()).isGreaterThan(0.1f);
    assertThat(rectified.get(own).matMul(projector).abs().max().getFloat()).isLessThan(1e-4f);
    for (String others : List.of("0, :" + (tokens - 6), "0, " + (tokens - 2) + ":")) {
      assertThat(rectified.get(others).toFloatArray()).isEqualTo(plain.get(others).toFloatArray());
    }
  }

  @Test
  void rowsStartFromTheEmbeddingsOfTheirWords(@TempDir Path folder) {
    ModelSource source = TestModels.TINY.source(folder);
    try (NDManager manager = NDManager.newBaseManager();
        CsdProgram program = new CsdProgram(source.manifest().scales(), manager)) {
      ConceptText text =
          new ConceptText(TextEncoders.load(source, manager, DataType.FLOAT32), program, manager);
      float[] red = embedding(text, manager, "red fox", 1); // behind [CLS]
      float[] digital = embedding(text, manager, "digital glitch art", 1);
      float[] glitch = embedding(text, manager, "glitch", 1);
      float[] art = embedding(text, manager, "art", 1);
      assertThat(red).isNotEqualTo(embedding(text, manager, "red fox", 2));

      assertThat(split(text.initialRows(manager, "red fox", 3, true).get(0)))
          .containsExactly(red, red, red);
      assertThat(split(text.initialRows(manager, "digital glitch art", 4, false).get(0)))
          .containsExactly(digital, glitch, art, digital);
    }
  }

  private static float[] embedding(
      ConceptText text, NDManager manager, String words, int position) {
    long id = text.tokenize(words, List.of()).get(0).ids()[position];
    return text.embeddings(manager, 0, List.of(id)).toFloatArray();
  }

  private static List<float[]> split(Tensor rows) {
    int width = (int) rows.shape()[1];
    List<float[]> all = new ArrayList<>();
    for (int row = 0; row < rows.shape()[0]; row++) {
      all.add(Arrays.copyOfRange(rows.values(), row * width, (row + 1) * width));
    }
    return all;
  }

  @Test
  void gradientsBeyondTheParametersCountForTheNormAlone() {
    try (NDManager manager = NDManager.newBaseManager();
        CsdProgram program = new CsdProgram(List.of(1), manager)) {
      List<NDArray> parameter = List.of(manager.create(new float[] {1, 1}));
      List<NDArray> first = List.of(manager.zeros(parameter.get(0).getShape()));
      List<NDArray> second = List.of(manager.zeros(parameter.get(0).getShape()));
      float norm =
          program.adamw(
              manager,
              List.of(manager.create(new float[] {0, 3}), manager.create(new float[] {4})),
              parameter,
              first,
              second,
              new CsdProgram.AdamW(0.1, 0, 1, 1));

      assertThat(norm).isEqualTo(5);
      // first moment: a tenth of the gradient after clipping, 3 / 5
      assertThat(first.get(0).toFloatArray()[1]).isCloseTo(0.06f, Offset.offset(1e-6f));
    }
  }

  private static List<NDArray> rows(
      ConceptText text, NDManager manager, String words, boolean firstTokenOnly) {
    List<NDArray> rows = new ArrayList<>();
    for (Tensor initial : text.initialRows(manager, words, OPTIONS.tokens(), firstTokenOnly)) {
      NDArray array = manager.create(initial.values(), new Shape(initial.shape()));
      array.setRequiresGradient(true);
      rows.add(array);
    }
    return rows;
  }

  private static double difference(NDArray a, NDArray b) {
    return a.sub(b).abs().max().getFloat();
  }
}
