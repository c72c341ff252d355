package io.diptych.pretrain.data.paint;

import java.awt.image.BufferedImage;

/**
 * A square colour picture in floating point: three planes of {@code side * side} values, row-major,
 * sRGB, nominally 0 to 1.
 *
 * <p>Values may leave the range between steps; {@link #toRgb()} clamps. Planes are public to the
 * painters of this package only.
 */
public final class Picture {

  final int side;
  final float[] r;
  final float[] g;
  final float[] b;

  Picture(int side) {
    this.side = side;
    this.r = new float[side * side];
    this.g = new float[side * side];
    this.b = new float[side * side];
  }

  /** A picture of one colour, 0xRRGGBB. */
  static Picture filled(int side, int rgb) {
    Picture picture = new Picture(side);
    for (int i = 0; i < side * side; i++) {
      picture.set(i, rgb);
    }
    return picture;
  }

  /** The pixels of an image without transparency; its width and height must be equal. */
  static Picture of(BufferedImage image) {
    int side = image.getWidth();
    int[] pixels = image.getRGB(0, 0, side, side, null, 0, side);
    Picture picture = new Picture(side);
    for (int i = 0; i < pixels.length; i++) {
      picture.set(i, pixels[i]);
    }
    return picture;
  }

  /** Pixels along one side. */
  public int side() {
    return side;
  }

  Picture copy() {
    Picture copy = new Picture(side);
    System.arraycopy(r, 0, copy.r, 0, r.length);
    System.arraycopy(g, 0, copy.g, 0, g.length);
    System.arraycopy(b, 0, copy.b, 0, b.length);
    return copy;
  }

  void set(int index, int rgb) {
    r[index] = ((rgb >> 16) & 255) / 255f;
    g[index] = ((rgb >> 8) & 255) / 255f;
    b[index] = (rgb & 255) / 255f;
  }

  void set(int index, float red, float green, float blue) {
    r[index] = red;
    g[index] = green;
    b[index] = blue;
  }

  void set(int index, Picture from, int fromIndex) {
    set(index, from.r[fromIndex], from.g[fromIndex], from.b[fromIndex]);
  }

  /** Moves one pixel towards a colour: 0 leaves it, 1 replaces it. */
  void mix(int index, float red, float green, float blue, float amount) {
    r[index] += (red - r[index]) * amount;
    g[index] += (green - g[index]) * amount;
    b[index] += (blue - b[index]) * amount;
  }

  void mix(int index, int rgb, float amount) {
    mix(index, ((rgb >> 16) & 255) / 255f, ((rgb >> 8) & 255) / 255f, (rgb & 255) / 255f, amount);
  }

  void scale(int index, float factor) {
    r[index] *= factor;
    g[index] *= factor;
    b[index] *= factor;
  }

  /** Luma (BT.601) of each pixel. */
  float[] luma() {
    float[] luma = new float[r.length];
    for (int i = 0; i < luma.length; i++) {
      luma[i] = 0.299f * r[i] + 0.587f * g[i] + 0.114f * b[i];
    }
    return luma;
  }

  float luma(int i) {
    return 0.299f * r[i] + 0.587f * g[i] + 0.114f * b[i];
  }

  /**
   * Averages blocks of {@code factor x factor} pixels; the side must be a multiple of the factor.
   */
  public Picture shrunk(int factor) {
    if (factor == 1) {
      return this;
    }
    int small = side / factor;
    Picture out = new Picture(small);
    float weight = 1f / (factor * factor);
    for (int y = 0; y < small; y++) {
      for (int x = 0; x < small; x++) {
        float red = 0;
        float green = 0;
        float blue = 0;
        for (int dy = 0; dy < factor; dy++) {
          int row = (y * factor + dy) * side + x * factor;
          for (int dx = 0; dx < factor; dx++) {
            red += clamp(r[row + dx]);
            green += clamp(g[row + dx]);
            blue += clamp(b[row + dx]);
          }
        }
        out.set(y * small + x, red * weight, green * weight, blue * weight);
      }
    }
    return out;
  }

  /** Interleaved red, green, blue bytes, row-major, {@code side * side * 3} long. */
  public byte[] toRgb() {
    byte[] rgb = new byte[side * side * 3];
    for (int i = 0; i < side * side; i++) {
      rgb[3 * i] = level(r[i]);
      rgb[3 * i + 1] = level(g[i]);
      rgb[3 * i + 2] = level(b[i]);
    }
    return rgb;
  }

  private static byte level(float value) {
    return (byte) (int) (clamp(value) * 255f + 0.5f);
  }

  static float clamp(float value) {
    return value < 0 ? 0 : Math.min(value, 1);
  }
}
