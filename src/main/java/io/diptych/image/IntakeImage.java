package io.diptych.image;

import java.awt.image.BufferedImage;

/**
 * An upload that was taken in: upright, sRGB, 8 bits, opaque, without metadata, re-encoded.
 *
 * @param png the normalised picture, a PNG with no chunks beside the picture itself
 * @param width of the normalised picture, after orientation and scaling
 * @param height of the normalised picture
 * @param sha256 of {@code png}, lower-case hex
 * @param source what was sent
 */
public record IntakeImage(byte[] png, int width, int height, String sha256, Source source) {

  /**
   * What was sent; its bytes are not kept.
   *
   * @param format by content, whatever the name or the header said
   * @param width as stored in the file, before orientation
   * @param height as stored in the file
   * @param bytes length of the file
   * @param sha256 of the file, lower-case hex
   */
  public record Source(SourceFormat format, int width, int height, long bytes, String sha256) {}

  /** The normalised picture, {@link BufferedImage#TYPE_INT_RGB}; decoded anew at each call. */
  public BufferedImage pixels() {
    return PngFile.decode(png);
  }
}
