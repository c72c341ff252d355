package io.diptych.engine.training;

/**
 * Encoded captions, padded to one length.
 *
 * @param tokens T, the longest caption's length
 * @param context (B, T, textWidth), zero where padded
 * @param bias (B, T), 0 or minus infinity for padding
 * @param pooled (B, pooledWidth)
 */
public record TextBatch(int tokens, float[] context, float[] bias, float[] pooled) {

  int size() {
    return bias.length / tokens;
  }

  int width() {
    return context.length / bias.length;
  }
}
