package io.diptych.engine.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.sample.Sampler;
import io.diptych.engine.switti.Switti;
import java.util.Arrays;

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
        pooled(scope),
        null,
        false);
  }

  /** One caption as a sampler reads it, without padding. */
  Sampler.TextCondition condition(NDManager scope, int row) {
    int real = 0;
    while (real < tokens && bias[row * tokens + real] == 0) {
      real++;
    }
    int from = row * tokens * width();
    return new Sampler.TextCondition(
        scope.create(
            Arrays.copyOfRange(context, from, from + real * width()), new Shape(1, real, width())),
        scope.create(
            Arrays.copyOfRange(pooled, row * pooledWidth(), (row + 1) * pooledWidth()),
            new Shape(1, pooledWidth())));
  }

  /** The pooled vectors, (B, pooledWidth). */
  NDArray pooled(NDManager scope) {
    return scope.create(pooled, new Shape(size(), pooledWidth()));
  }

  private int pooledWidth() {
    return pooled.length / size();
  }
}
