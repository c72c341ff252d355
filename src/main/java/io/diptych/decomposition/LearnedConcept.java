package io.diptych.decomposition;

import io.diptych.engine.Concept;
import io.diptych.engine.ConceptMetadata;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run left, in short. Stored as the result of its job.
 *
 * @param contentWord of the captions; null in results of versions that did not note it
 * @param styleWord as the former
 * @param sha256 digest of the artifact
 * @param step the step whose state it is
 * @param firstLoss of the run
 * @param lastLoss of the run
 * @param subConceptSource where the sub-concepts of the rectification came from; empty without it
 */
public record LearnedConcept(
    @Nullable String contentWord,
    @Nullable String styleWord,
    String sha256,
    int step,
    double firstLoss,
    double lastLoss,
    String subConceptSource) {

  static LearnedConcept of(Concept concept, String sha256) {
    ConceptMetadata metadata = concept.metadata();
    List<Double> losses = metadata.losses();
    return new LearnedConcept(
        metadata.options().contentWord(),
        metadata.options().styleWord(),
        sha256,
        metadata.step(),
        losses.isEmpty() ? 0 : losses.get(0),
        losses.isEmpty() ? 0 : losses.get(losses.size() - 1),
        metadata.subConceptSource() == null ? "" : metadata.subConceptSource());
  }
}
