package io.diptych.image;

import java.time.Duration;

/**
 * What an upload may cost. Everything but the time is checked before a pixel is decoded.
 *
 * <p>Heap needed while decoding ({@link #decodeHeapBytes}) is at most {@code decodeThreads} times
 * {@code 2 * maxBytes + 12 * maxPixels} bytes plus 100 MiB: the upload and its cleaned copy, eight
 * bytes a pixel for a 16-bit picture with alpha, four for what the decoder keeps beside it. With
 * several threads it must be a third more: a raster wants its bytes in one piece.
 *
 * @param maxBytes size of the file
 * @param maxPixels width times height, as the header claims it
 * @param maxSide longer side in pixels
 * @param minSide shorter side in pixels; below it there is nothing to take apart
 * @param storedSide longer side of the normalised picture; larger ones are scaled down to it
 * @param decodeTime of the processor for one picture, from its first byte to the last normalised
 *     pixel
 * @param decodeThreads pictures decoded at once
 * @param queueWait how long a picture may wait for one of them, unread
 */
public record IntakeLimits(
    long maxBytes,
    long maxPixels,
    int maxSide,
    int minSide,
    int storedSide,
    Duration decodeTime,
    int decodeThreads,
    Duration queueWait) {

  /**
   * 20 MiB, 25 million pixels (a phone's 24-megapixel photograph passes), sides from 32 to 16384,
   * stored at up to 2048, 20 seconds of computing, one at once, 10 seconds of waiting.
   */
  public static final IntakeLimits DEFAULT =
      new IntakeLimits(
          20L << 20,
          25_000_000,
          16_384,
          32,
          2_048,
          Duration.ofSeconds(20),
          1,
          Duration.ofSeconds(10));

  private static final long TABLES_AND_BUFFERS = 100L << 20;

  public IntakeLimits {
    // Arrays and rasters are indexed by int, eight bytes a pixel at most.
    require(maxBytes > 0 && maxBytes <= 1 << 30, "maxBytes must be from 1 to 2^30");
    require(maxPixels > 0 && maxPixels <= 1 << 28, "maxPixels must be from 1 to 2^28");
    require(minSide > 0 && minSide <= maxSide, "minSide must be from 1 to maxSide");
    require(maxSide <= 65_535, "maxSide must be at most 65535");
    require(storedSide >= minSide, "storedSide must be at least minSide");
    require(decodeTime.toMillis() > 0, "decodeTime must be at least a millisecond");
    require(decodeThreads > 0, "decodeThreads must be at least 1");
    require(!queueWait.isNegative(), "queueWait must not be negative");
  }

  /** Most heap that reading and decoding takes, as long as the intake has them. */
  public long decodeHeapBytes() {
    long used = decodeThreads * (2 * maxBytes + 12 * maxPixels) + TABLES_AND_BUFFERS;
    return decodeThreads == 1 ? used : used + used / 3;
  }

  /** Most bytes of a normalised picture: three a pixel, where nothing can be compressed. */
  public long storedBytes() {
    return 3L * storedSide * storedSide + (64 << 10);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
