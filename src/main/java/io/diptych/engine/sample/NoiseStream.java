package io.diptych.engine.sample;

import java.util.SplittableRandom;

/**
 * The noise of one image: a key for the counter-based generator of {@code sampling.py}. It depends
 * on the seed and the image's index alone, so an image is the same alone and in any batch.
 *
 * @param low 32 bits
 * @param high 32 bits
 */
record NoiseStream(long low, long high) {

  private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;
  private static final long LOW_32_BITS = 0xFFFFFFFFL;

  static NoiseStream of(long seed, int imageIndex) {
    long key = new SplittableRandom(seed + GOLDEN_RATIO * imageIndex).nextLong();
    return new NoiseStream(key & LOW_32_BITS, key >>> 32);
  }
}
