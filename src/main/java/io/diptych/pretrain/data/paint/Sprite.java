package io.diptych.pretrain.data.paint;

import java.awt.image.BufferedImage;

/**
 * A drawing with transparency, cut to the box of its visible pixels.
 *
 * <p>Pixels are 0xAARRGGBB, not premultiplied, row-major.
 */
public final class Sprite {

  /** Alpha below this is no part of the drawing's box. */
  private static final int VISIBLE = 12;

  private final int width;
  private final int height;
  private final int[] argb;

  private Sprite(int width, int height, int[] argb) {
    this.width = width;
    this.height = height;
    this.argb = argb;
  }

  /**
   * Cuts an image to its visible box.
   *
   * @throws IllegalArgumentException when fewer than one pixel in fifty of the image is visible
   */
  public static Sprite cutFrom(BufferedImage image) {
    int w = image.getWidth();
    int h = image.getHeight();
    int[] pixels = image.getRGB(0, 0, w, h, null, 0, w);
    int left = w;
    int top = h;
    int right = -1;
    int bottom = -1;
    int visible = 0;
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        if ((pixels[y * w + x] >>> 24) >= VISIBLE) {
          visible++;
          left = Math.min(left, x);
          right = Math.max(right, x);
          top = Math.min(top, y);
          bottom = Math.max(bottom, y);
        }
      }
    }
    if (visible * 50L < (long) w * h) {
      throw new IllegalArgumentException(
          "The drawing is empty: " + visible + " visible pixels of " + (w * h));
    }
    int cutWidth = right - left + 1;
    int cutHeight = bottom - top + 1;
    int[] cut = new int[cutWidth * cutHeight];
    for (int y = 0; y < cutHeight; y++) {
      System.arraycopy(pixels, (top + y) * w + left, cut, y * cutWidth, cutWidth);
    }
    return new Sprite(cutWidth, cutHeight, cut);
  }

  public int width() {
    return width;
  }

  public int height() {
    return height;
  }

  /** Mean colour of the visible pixels, red, green, blue in 0 to 1. */
  float[] meanColour() {
    double red = 0;
    double green = 0;
    double blue = 0;
    double weight = 1e-6;
    for (int pixel : argb) {
      int alpha = pixel >>> 24;
      red += alpha * ((pixel >> 16) & 255);
      green += alpha * ((pixel >> 8) & 255);
      blue += alpha * (pixel & 255);
      weight += alpha * 255.0;
    }
    return new float[] {(float) (red / weight), (float) (green / weight), (float) (blue / weight)};
  }

  /**
   * Scales by area averaging.
   *
   * @return premultiplied planes red, green, blue, alpha, each {@code newWidth * newHeight}, in 0
   *     to 1
   */
  float[][] scaled(int newWidth, int newHeight) {
    // Separable: rows first, then columns.
    int[][] spansX = new int[newWidth][];
    float[][] coverX = new float[newWidth][];
    cover(width, newWidth, spansX, coverX);
    int[][] spansY = new int[newHeight][];
    float[][] coverY = new float[newHeight][];
    cover(height, newHeight, spansY, coverY);
    float[][] rows = new float[4][newWidth * height];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < newWidth; x++) {
        float red = 0;
        float green = 0;
        float blue = 0;
        float alpha = 0;
        int from = y * width + spansX[x][0];
        float[] weights = coverX[x];
        for (int k = 0; k < weights.length; k++) {
          int pixel = argb[from + k];
          float a = (pixel >>> 24) * weights[k] * (1 / 255f);
          red += a * ((pixel >> 16) & 255);
          green += a * ((pixel >> 8) & 255);
          blue += a * (pixel & 255);
          alpha += a;
        }
        int i = y * newWidth + x;
        rows[0][i] = red * (1 / 255f);
        rows[1][i] = green * (1 / 255f);
        rows[2][i] = blue * (1 / 255f);
        rows[3][i] = alpha;
      }
    }
    float[][] out = new float[4][newWidth * newHeight];
    for (int plane = 0; plane < 4; plane++) {
      for (int y = 0; y < newHeight; y++) {
        for (int k = 0; k < coverY[y].length; k++) {
          float weight = coverY[y][k];
          int from = (spansY[y][0] + k) * newWidth;
          for (int x = 0; x < newWidth; x++) {
            out[plane][y * newWidth + x] += weight * rows[plane][from + x];
          }
        }
      }
    }
    return out;
  }

  private static void cover(int from, int to, int[][] spans, float[][] covers) {
    double ratio = (double) from / to;
    for (int i = 0; i < to; i++) {
      double start = i * ratio;
      double end = Math.min(from, (i + 1) * ratio);
      int first = (int) start;
      int last = Math.min(from - 1, (int) Math.ceil(end) - 1);
      float[] weights = new float[last - first + 1];
      for (int k = first; k <= last; k++) {
        weights[k - first] = (float) ((Math.min(end, k + 1) - Math.max(start, k)) / (end - start));
      }
      spans[i] = new int[] {first};
      covers[i] = weights;
    }
  }
}
