package io.diptych.engine.csd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.engine.Concept;
import io.diptych.engine.Concept.Tensor;
import io.diptych.engine.ConceptMetadata;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.DecompositionOptions.Memory;
import io.diptych.engine.EngineException;
import io.diptych.engine.weights.ModelManifest;
import io.diptych.engine.weights.SafetensorsWriter;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ConceptCheckTest {

  private static final DecompositionOptions OPTIONS =
      DecompositionOptions.of("fox", "watercolor", 0).toBuilder()
          .memory(new Memory(List.of(0, 1), 2))
          .stepsToTheEnd(1)
          .build();

  private static ModelManifest manifest;

  @BeforeAll
  static void read() throws IOException {
    try (InputStream json =
        Objects.requireNonNull(
            ConceptCheckTest.class.getResourceAsStream("/models/sample/model.json"))) {
      manifest = ModelManifest.read(json.readAllBytes(), "the sample model");
    }
  }

  @Test
  void aWholeConceptOfTwoEncodersIsFine() {
    assertThat(ConceptCheck.problems(concept(OPTIONS, whole()), manifest)).isEmpty();
  }

  @Test
  void everythingThatIsMissingOrOfTheWrongShapeIsListedAtOnce() {
    SortedMap<String, Tensor> tensors = whole();
    tensors.remove("style.rows.1");
    tensors.remove("content.memory.1.v");
    tensors.remove("projector.0");
    tensors.put("style.memory.0.k", zeros(2, 256));
    tensors.put("content.rows.0", zeros(3, 64));
    tensors.put("projector.2", zeros(64, 64));
    assertThatThrownBy(() -> ConceptCheck.require(concept(OPTIONS, tensors), manifest))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INCOMPATIBLE_CONCEPT))
        .hasMessage(
            "The artifact is not a usable concept: content.memory.1.v is missing; content.rows.0"
                + " has the shape [3, 64] instead of [4, 64]; projector.0 is missing;"
                + " style.memory.0.k has the shape [2, 256] instead of [2, 128]; style.rows.1 is"
                + " missing; projector.2 does not belong there.");
  }

  @Test
  void aMemoryThatTheOptionsDoNotNameAndABlockThatTheModelLacksAreRefused() {
    SortedMap<String, Tensor> tensors = whole();
    DecompositionOptions first = OPTIONS.toBuilder().memory(new Memory(List.of(0), 2)).build();
    assertThat(ConceptCheck.problems(concept(first, tensors), manifest))
        .hasSize(4)
        .allMatch(problem -> problem.matches("(content|style)\\.memory\\.1\\.. does not .*"));
    DecompositionOptions third = OPTIONS.toBuilder().memory(new Memory(List.of(2), 2)).build();
    assertThat(ConceptCheck.problems(concept(third, tensors), manifest))
        .containsExactly("memory.blocks is 2 but must be from 0 to 1");
  }

  @Test
  void metadataWithHolesIsRefusedInWords() {
    byte[] file =
        new SafetensorsWriter()
            .metadata("diptych.concept", "1")
            .metadata(
                "metadata",
                """
                {"backboneName": "sample", "backboneDigest": "f", "subConceptSource": "",
                 "losses": [], "step": 1, "options": {"contentWord": "fox", "steps": 1,
                 "evaluatedStep": 1, "tokens": 1, "seed": 1, "horizontalFlip": true,
                 "scaleAware": true, "memory": {"pairs": 1}, "gradientIsolation": true}}
                """)
            .put("content.rows.0", new float[4], 1, 4)
            .toBytes();
    assertThat(ConceptCheck.problems(ConceptFile.read(file), manifest))
        .containsExactly("the metadata is incomplete");
  }

  private static Concept concept(DecompositionOptions options, SortedMap<String, Tensor> tensors) {
    return new Concept(
        new ConceptMetadata("sample", manifest.digest(), options, "given", 1, List.of(1.0)),
        tensors);
  }

  private static SortedMap<String, Tensor> whole() {
    SortedMap<String, Tensor> tensors = new TreeMap<>();
    for (String group : List.of("content", "style")) {
      tensors.put(group + ".rows.0", zeros(4, 64));
      tensors.put(group + ".rows.1", zeros(4, 80));
      for (int block = 0; block < 2; block++) {
        tensors.put(group + ".memory." + block + ".k", zeros(2, 128));
        tensors.put(group + ".memory." + block + ".v", zeros(2, 128));
      }
    }
    tensors.put("projector.0", zeros(64, 64));
    tensors.put("projector.1", zeros(80, 80));
    return tensors;
  }

  private static Tensor zeros(int rows, int columns) {
    return new Tensor(new long[] {rows, columns}, new float[rows * columns]);
  }
}
