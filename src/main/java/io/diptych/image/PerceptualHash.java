package io.diptych.image;

import java.awt.image.BufferedImage;

/**
 * Difference hash: the picture as 9 by 8 mean grey values, and one bit for each pair of horizontal
 * neighbours that says which is darker. Scaling and mild recompression change few of the 64 bits.
 */
public final class PerceptualHash {

  private static final int SIDE = 8;

  private PerceptualHash() {}

  /**
   * The hash; its highest bit is the top left pair.
   *
   * @param image at least 9 by 8 pixels
   */
  public static long of(BufferedImage image) {
    if (image.getWidth() < SIDE + 1 || image.getHeight() < SIDE) {
      throw new IllegalArgumentException("The picture has fewer than 9 by 8 pixels.");
    }
    long hash = 0;
    for (int y = 0; y < SIDE; y++) {
      double left = grey(image, 0, y);
      for (int x = 1; x <= SIDE; x++) {
        double right = grey(image, x, y);
        hash = hash << 1 | (left < right ? 1 : 0);
        left = right;
      }
    }
    return hash;
  }

  /** Mean luma (BT.601) of a cell of the 9 by 8 grid. */
  private static double grey(BufferedImage image, int x, int y) {
    int fromX = x * image.getWidth() / (SIDE + 1);
    int toX = (x + 1) * image.getWidth() / (SIDE + 1);
    int fromY = y * image.getHeight() / SIDE;
    int toY = (y + 1) * image.getHeight() / SIDE;
    double sum = 0;
    for (int row = fromY; row < toY; row++) {
      for (int column = fromX; column < toX; column++) {
        int rgb = image.getRGB(column, row);
        sum += 0.299 * (rgb >> 16 & 0xff) + 0.587 * (rgb >> 8 & 0xff) + 0.114 * (rgb & 0xff);
      }
    }
    return sum / ((toX - fromX) * (toY - fromY));
  }
}
