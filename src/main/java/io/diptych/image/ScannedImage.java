package io.diptych.image;

import org.jspecify.annotations.Nullable;

/**
 * An upload after its container was walked from end to end, before any pixel was decoded.
 *
 * @param format which container
 * @param width as stored
 * @param height as stored
 * @param orientation from EXIF
 * @param samples what the decoded numbers mean
 * @param iccProfile colour profile still to be applied to the decoded samples
 * @param clean the same picture, rebuilt from the parts a decoder needs and nothing else
 * @param tablesEnd offset in {@code clean} up to which a decoder may build tables out of all
 *     proportion to the bytes it reads; 0 when the format knows no such part
 */
record ScannedImage(
    SourceFormat format,
    int width,
    int height,
    Orientation orientation,
    Samples samples,
    byte @Nullable [] iccProfile,
    byte[] clean,
    int tablesEnd) {

  /** A profile past this is no profile; press profiles with large tables have about 3 MiB. */
  static final int MAX_PROFILE_BYTES = 4 << 20;

  /**
   * How decoded samples become colours.
   *
   * @param colors 1 for gray or a palette index, 3 for RGB
   * @param alpha whether one more band follows them
   * @param max the sample value that means full intensity
   * @param palette colours by index, 0xAARRGGBB
   * @param transparent the one colour that means transparent, in samples
   */
  record Samples(
      int colors, boolean alpha, int max, int @Nullable [] palette, int @Nullable [] transparent) {

    static Samples of(int colors, boolean alpha) {
      return new Samples(colors, alpha, 255, null, null);
    }

    int bands() {
      return colors + (alpha ? 1 : 0);
    }
  }

  long pixels() {
    return (long) width * height;
  }
}
