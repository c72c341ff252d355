package io.diptych.decomposition;

import io.diptych.engine.Concept;
import io.diptych.engine.ConceptMetadata;
import java.util.TreeMap;

/** Concepts with something wrong. */
final class WrongConcepts {

  private WrongConcepts() {}

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

  static Concept without(Concept concept, String tensor) {
    TreeMap<String, Concept.Tensor> tensors = new TreeMap<>(concept.tensors());
    tensors.remove(tensor);
    return new Concept(concept.metadata(), tensors);
  }
}
