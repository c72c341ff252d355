package io.diptych.engine;

import org.jspecify.annotations.Nullable;

/**
 * One picture to make.
 *
 * @param prompt text; {@code {content}} and {@code {style}} stand for the words and learned rows of
 *     the concepts below
 * @param content where the content comes from; null when the prompt has no such slot
 * @param style where the style comes from, may be another concept; null when there is no such slot
 * @param seed of the noise stream
 * @param imageIndex which image of that seed; the stream is derived from both
 * @param sampling how tokens are chosen
 */
public record GenerationRequest(
    String prompt,
    @Nullable Concept content,
    @Nullable Concept style,
    long seed,
    int imageIndex,
    Sampling sampling) {

  /**
   * Requests with equal keys can run in one batch. Prompt, concepts, seed and guidance scale may
   * differ inside a batch; what changes the shape of the computation may not.
   */
  public String batchKey() {
    return sampling.batchKey();
  }
}
