package io.diptych.decomposition;

import io.diptych.engine.DecompositionOptions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a decomposition does, with nothing left open. Stored as the request of its job.
 *
 * @param backbone name of the model
 * @param backboneDigest digest of the model it was planned for
 * @param options everything the engine needs, the seed included
 * @param chosenWords fields of the request that named no word; the run finds one for the picture
 * @param reference the caller's own name for it
 */
public record Plan(
    String backbone,
    String backboneDigest,
    DecompositionOptions options,
    List<String> chosenWords,
    @Nullable String reference) {

  public Plan {
    chosenWords = List.copyOf(chosenWords);
  }
}
