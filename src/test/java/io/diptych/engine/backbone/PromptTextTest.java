package io.diptych.engine.backbone;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.Concept;
import io.diptych.engine.Concept.Tensor;
import io.diptych.engine.ConceptMetadata;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.GenerationRequest;
import io.diptych.engine.Sampling;
import io.diptych.engine.TestModels;
import io.diptych.engine.csd.ConceptText;
import io.diptych.engine.csd.CsdProgram;
import io.diptych.engine.sample.Sampler.TextCondition;
import io.diptych.engine.text.TextEncoders;
import io.diptych.engine.weights.FormulaWeights;
import io.diptych.engine.weights.ModelSource;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptTextTest {

  private static TextCondition encode(
      PromptText prompts, NDManager scope, GenerationRequest request) {
    return prompts.encode(scope, request, prompts.tokenize(request));
  }

  private static final int WIDTH = 384;

  @Test
  void theStylesRowsAndNoOthersAreRectifiedInAPrompt(@TempDir Path folder) {
    ModelSource source = TestModels.TINY.source(folder);
    try (NDManager manager = NDManager.newBaseManager();
        CsdProgram program = new CsdProgram(source.manifest().scales(), manager)) {
      ConceptText text =
          new ConceptText(TextEncoders.load(source, manager, DataType.FLOAT32), program, manager);
      NDArray directions =
          manager.create(
              FormulaWeights.values("directions", 20 * WIDTH, 1, 0, 1), new Shape(20, WIDTH));
      NDArray projector = program.projector(manager, directions, 5);
      PromptText prompts = new PromptText(text);

      NDArray plain = encode(prompts, manager, request(concept(null))).context();
      TextCondition rectified = encode(prompts, manager, request(concept(projector)));

      // [CLS] a fox c c c c in watercolor s s s s style [SEP], whatever "watercolor" splits into
      long tokens = plain.getShape().get(1);
      NDArray style = rectified.context().get("0, " + (tokens - 6) + ":" + (tokens - 2));
      NDArray before = plain.get("0, " + (tokens - 6) + ":" + (tokens - 2));
      assertThat(before.matMul(projector).abs().max().getFloat()).isGreaterThan(0.1f);
      assertThat(style.matMul(projector).abs().max().getFloat()).isLessThan(1e-4f);
      assertThat(style.sub(before.sub(before.matMul(projector))).abs().max().getFloat())
          .isLessThan(1e-4f);
      for (String others : List.of("0, :" + (tokens - 6), "0, " + (tokens - 2) + ":")) {
        assertThat(rectified.context().get(others).toFloatArray())
            .isEqualTo(plain.get(others).toFloatArray());
      }
    }
  }

  private static GenerationRequest request(Concept concept) {
    return new GenerationRequest(
        "a {content} in {style} style", concept, concept, 0, 0, Sampling.DEFAULT);
  }

  private static Concept concept(@Nullable NDArray projector) {
    SortedMap<String, Tensor> tensors = new TreeMap<>();
    for (String group : List.of("content", "style")) {
      float[] rows = FormulaWeights.values(group, 4 * WIDTH, 0.1, 0, 1);
      tensors.put(group + ".rows.0", new Tensor(new long[] {4, WIDTH}, rows));
    }
    if (projector != null) {
      tensors.put("projector.0", new Tensor(new long[] {WIDTH, WIDTH}, projector.toFloatArray()));
    }
    DecompositionOptions options = DecompositionOptions.of("fox", "watercolor", 0);
    return new Concept(
        new ConceptMetadata("test", "digest", options, "", 1, List.of(1.0)), tensors);
  }
}
