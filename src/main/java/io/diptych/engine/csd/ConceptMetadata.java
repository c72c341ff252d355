package io.diptych.engine.csd;

import io.diptych.engine.EngineException;
import java.util.List;

/**
 * How a concept was learned.
 *
 * @param backboneName name of the model
 * @param backboneDigest digest of the model; a concept works only on the model it was learned on
 * @param contentWord the word(s) for the subject
 * @param styleWord the word(s) for the style
 * @param options everything that was set, seed included
 * @param step the step whose state this is
 * @param losses loss of each step up to it
 */
public record ConceptMetadata(
    String backboneName,
    String backboneDigest,
    String contentWord,
    String styleWord,
    DecompositionOptions options,
    int step,
    List<Double> losses) {

  static ConceptMetadata read(byte[] file) {
    throw new EngineException(
        EngineException.Kind.INCOMPATIBLE_CONCEPT, "Reading artifacts is not there yet.");
  }
}
