package io.diptych.image;

import java.awt.image.BufferedImage;
import java.util.Arrays;

/**
 * Scales a picture down while its rows arrive, each target pixel being the mean of the source area
 * it covers. The source is never held whole in its converted form.
 */
final class AreaScaler {

  private final int sourceWidth;
  private final int sourceHeight;
  private final BufferedImage target;
  private final double[] sums; // (target width, 3) of the target row being filled
  private final int[] pixels;
  private int sourceRow;
  private int targetRow;

  private AreaScaler(int sourceWidth, int sourceHeight, int targetWidth, int targetHeight) {
    this.sourceWidth = sourceWidth;
    this.sourceHeight = sourceHeight;
    this.target = new BufferedImage(targetWidth, targetHeight, BufferedImage.TYPE_INT_RGB);
    this.sums = new double[3 * targetWidth];
    this.pixels = new int[targetWidth];
  }

  /** Keeps the proportions; a picture that fits already is passed through unchanged. */
  static AreaScaler fit(int width, int height, int maxSide) {
    int longer = Math.max(width, height);
    if (longer <= maxSide) {
      return new AreaScaler(width, height, width, height);
    }
    double scale = (double) maxSide / longer;
    return new AreaScaler(
        width,
        height,
        Math.max(1, (int) Math.round(width * scale)),
        Math.max(1, (int) Math.round(height * scale)));
  }

  /** Scales a whole picture as {@link #fit} says. */
  static BufferedImage scale(BufferedImage image, int maxSide) {
    int width = image.getWidth();
    AreaScaler scaler = fit(width, image.getHeight(), maxSide);
    int[] pixels = new int[width];
    byte[] rgb = new byte[3 * width];
    for (int y = 0; y < image.getHeight(); y++) {
      image.getRGB(0, y, width, 1, pixels, 0, width);
      for (int x = 0; x < width; x++) {
        rgb[3 * x] = (byte) (pixels[x] >> 16);
        rgb[3 * x + 1] = (byte) (pixels[x] >> 8);
        rgb[3 * x + 2] = (byte) pixels[x];
      }
      scaler.add(rgb);
    }
    return scaler.image();
  }

  /** Takes the next source row, (width, 3) bytes. */
  void add(byte[] rgb) {
    int targetHeight = target.getHeight();
    // In units where a source row is targetHeight long and a target row sourceHeight.
    long top = (long) sourceRow * targetHeight;
    long bottom = top + targetHeight;
    sourceRow++;
    while (top < bottom) {
      long rowEnd = (long) (targetRow + 1) * sourceHeight;
      long part = Math.min(bottom, rowEnd) - top;
      accumulate(rgb, (double) part / sourceHeight);
      top += part;
      if (top == rowEnd) {
        finishRow();
      }
    }
  }

  private void accumulate(byte[] rgb, double weight) {
    int targetWidth = target.getWidth();
    int column = 0;
    for (int x = 0; x < sourceWidth; x++) {
      long left = (long) x * targetWidth;
      long right = left + targetWidth;
      while (left < right) {
        long columnEnd = (long) (column + 1) * sourceWidth;
        long part = Math.min(right, columnEnd) - left;
        double share = weight * part / sourceWidth;
        for (int c = 0; c < 3; c++) {
          sums[3 * column + c] += share * (rgb[3 * x + c] & 0xff);
        }
        left += part;
        if (left == columnEnd) {
          column++;
        }
      }
    }
  }

  private void finishRow() {
    for (int x = 0; x < pixels.length; x++) {
      int red = (int) Math.round(sums[3 * x]);
      int green = (int) Math.round(sums[3 * x + 1]);
      int blue = (int) Math.round(sums[3 * x + 2]);
      pixels[x] = red << 16 | green << 8 | blue;
    }
    target.setRGB(0, targetRow, pixels.length, 1, pixels, 0, pixels.length);
    targetRow++;
    Arrays.fill(sums, 0);
  }

  BufferedImage image() {
    return target;
  }
}
