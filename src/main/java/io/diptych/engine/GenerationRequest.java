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

  /** The same for another image of the seed. */
  public GenerationRequest ofImage(int index) {
    return new GenerationRequest(prompt, content, style, seed, index, sampling);
  }

  /** What a prompt writes where content belongs. */
  public static final String CONTENT_SLOT = "{content}";

  /** What a prompt writes where style belongs. */
  public static final String STYLE_SLOT = "{style}";

  /**
   * Checks what can be checked without a model at hand: sampling numbers, slots against concepts.
   *
   * @param scales of the model
   * @throws EngineException of kind {@code INVALID_OPTIONS}
   */
  public void validate(int scales) {
    sampling.validate(scales);
    checkSlots(prompt, content != null, style != null);
  }

  /**
   * Checks that a prompt has a slot for exactly the concepts that are given.
   *
   * @throws EngineException of kind {@code INVALID_OPTIONS}
   */
  public static void checkSlots(String prompt, boolean hasContent, boolean hasStyle) {
    requireTogether("content", CONTENT_SLOT, prompt, hasContent);
    requireTogether("style", STYLE_SLOT, prompt, hasStyle);
  }

  private static void requireTogether(String what, String slot, String prompt, boolean given) {
    boolean hasSlot = prompt.contains(slot);
    if (hasSlot && !given) {
      throw new EngineException(
          EngineException.Kind.INVALID_OPTIONS,
          "The prompt has the slot " + slot + ", but no " + what + " is given to fill it.");
    }
    if (!hasSlot && given) {
      throw new EngineException(
          EngineException.Kind.INVALID_OPTIONS,
          "A " + what + " is given, but the prompt has no slot " + slot + " for it.");
    }
  }
}
