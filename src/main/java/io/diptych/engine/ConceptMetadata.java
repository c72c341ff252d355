package io.diptych.engine;

import java.util.List;

/**
 * How a concept was learned.
 *
 * @param backboneName name of the model
 * @param backboneDigest digest of the model; a concept works only on the model it was learned on
 * @param options everything that was set: words, profile, seed, ...
 * @param subConceptSource where the sub-concepts of the rectification came from; empty without it
 * @param step the step whose state this is
 * @param losses loss of each step of the run, from the first on
 */
public record ConceptMetadata(
    String backboneName,
    String backboneDigest,
    DecompositionOptions options,
    String subConceptSource,
    int step,
    List<Double> losses) {

  public ConceptMetadata {
    losses = List.copyOf(losses);
  }
}
