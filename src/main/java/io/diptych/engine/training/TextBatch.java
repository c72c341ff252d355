package io.diptych.engine.training;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.switti.Switti;

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

  /** What a transformer needs of these captions at every scale. */
  Switti.Prepared prepare(NDManager scope, Switti switti) {
    return switti.prepare(
        scope,
        scope.create(context, new Shape(size(), tokens, width())),
        scope.create(bias, new Shape(size(), tokens)),
        scope.create(pooled, new Shape(size(), switti.architecture().pooledWidth())),
        null,
        false);
  }
}
