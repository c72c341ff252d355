package io.diptych.image;

import java.awt.image.BufferedImage;

/**
 * How a stored picture must be turned to stand upright: the eight values of the EXIF tag 0x0112.
 */
enum Orientation {
  UPRIGHT(false, false, false),
  MIRRORED(false, true, false),
  UPSIDE_DOWN(false, true, true),
  UPSIDE_DOWN_MIRRORED(false, false, true),
  TRANSPOSED(true, false, false),
  QUARTER_CLOCKWISE(true, false, true),
  TRANSVERSED(true, true, true),
  QUARTER_COUNTERCLOCKWISE(true, true, false);

  private static final int TAG = 0x0112;

  private final boolean swapsAxes;
  // Which stored axis runs backwards when the upright picture is read left to right, top to bottom.
  private final boolean flipsStoredX;
  private final boolean flipsStoredY;

  Orientation(boolean swapsAxes, boolean flipsStoredX, boolean flipsStoredY) {
    this.swapsAxes = swapsAxes;
    this.flipsStoredX = flipsStoredX;
    this.flipsStoredY = flipsStoredY;
  }

  /** Reads the tag from a TIFF structure; anything but 1 to 8 means upright. */
  static Orientation ofExif(byte[] tiff) {
    int value = TiffDirectory.read(tiff).number(TAG).orElse(1);
    return value >= 1 && value <= 8 ? values()[value - 1] : UPRIGHT;
  }

  /** Turns a picture upright; the same object when there is nothing to do. */
  BufferedImage apply(BufferedImage stored) {
    if (this == UPRIGHT) {
      return stored;
    }
    int storedWidth = stored.getWidth();
    int storedHeight = stored.getHeight();
    int width = swapsAxes ? storedHeight : storedWidth;
    int height = swapsAxes ? storedWidth : storedHeight;
    BufferedImage upright = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int storedX = swapsAxes ? y : x;
        int storedY = swapsAxes ? x : y;
        row[x] =
            stored.getRGB(
                flipsStoredX ? storedWidth - 1 - storedX : storedX,
                flipsStoredY ? storedHeight - 1 - storedY : storedY);
      }
      upright.setRGB(0, y, width, 1, row, 0, width);
    }
    return upright;
  }
}
