package io.diptych.decomposition;

import io.diptych.engine.Concept;
import io.diptych.engine.ConceptMetadata;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.csd.ConceptCheck;
import io.diptych.engine.weights.ModelManifest;
import java.util.Collections;
import java.util.TreeMap;

/** Concepts with something wrong, and one with nothing wrong. */
final class WrongConcepts {

  private WrongConcepts() {}

  /** All zeros, in the shapes that a plan asks for, with words that a run might have found. */
  static Concept right(Plan plan, ModelManifest manifest) {
    DecompositionOptions options =
        plan.options().toBuilder().contentWord("fox").styleWord("woodcut").build();
    TreeMap<String, Concept.Tensor> tensors = new TreeMap<>();
    ConceptCheck.shapes(options, manifest)
        .forEach(
            (name, shape) ->
                tensors.put(
                    name,
                    new Concept.Tensor(
                        new long[] {shape.get(0), shape.get(1)},
                        new float[Math.toIntExact(shape.get(0) * shape.get(1))])));
    return new Concept(
        new ConceptMetadata(
            plan.backbone(),
            plan.backboneDigest(),
            options,
            "test",
            options.evaluatedStep(),
            Collections.nCopies(options.steps(), 0.5)),
        tensors);
  }

  static Concept onAnotherModel(Concept concept) {
    ConceptMetadata metadata = concept.metadata();
    return new Concept(
        new ConceptMetadata(
            metadata.backboneName(),
            "f".repeat(64),
            metadata.options(),
            metadata.subConceptSource(),
            metadata.step(),
            metadata.losses()),
        concept.tensors());
  }

  static Concept withoutWords(Concept concept) {
    ConceptMetadata metadata = concept.metadata();
    return new Concept(
        new ConceptMetadata(
            metadata.backboneName(),
            metadata.backboneDigest(),
            metadata.options().toBuilder().contentWord(null).build(),
            metadata.subConceptSource(),
            metadata.step(),
            metadata.losses()),
        concept.tensors());
  }

  static Concept without(Concept concept, String tensor) {
    TreeMap<String, Concept.Tensor> tensors = new TreeMap<>(concept.tensors());
    tensors.remove(tensor);
    return new Concept(concept.metadata(), tensors);
  }
}
