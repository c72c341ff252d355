package io.diptych.engine.switti;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;

/** The crop condition (backbones.md 2.3): what part of its original a training picture showed. */
public final class Crop {

  /** The short side that originals are scaled to, whatever the model's resolution. */
  private static final long SIDE = 512;

  private Crop() {}

  /** (B, 4) height, width, top, left for a centre crop of originals of these sizes. */
  public static NDArray ofOriginals(NDManager scope, long[] heights, long[] widths) {
    long[] crops = new long[4 * heights.length];
    for (int i = 0; i < heights.length; i++) {
      long shortSide = Math.min(heights[i], widths[i]);
      long height = heights[i] * SIDE / shortSide;
      long width = widths[i] * SIDE / shortSide;
      crops[4 * i] = height;
      crops[4 * i + 1] = width;
      crops[4 * i + 2] = (height - SIDE) / 2;
      crops[4 * i + 3] = (width - SIDE) / 2;
    }
    return scope.create(crops, new Shape(heights.length, 4));
  }

  /**
   * (B, 4): nothing was cut off. Every generation asks for this, so the square pictures of a
   * training here are shown with it too.
   */
  public static NDArray none(NDManager scope, int rows) {
    long[] sides = new long[rows];
    Arrays.fill(sides, SIDE);
    return ofOriginals(scope, sides, sides);
  }
}
