package io.diptych.engine.training;

import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.stream.IntStream;
import java.util.zip.CRC32;

/**
 * Random numbers by formula: a number depends on a seed, a name and a position alone, so a run
 * needs no generator state to be resumed. {@code tools/draws.py} gives the same numbers.
 */
public final class Draws {

  private static final int SEQUENCE = 0x9E3779B1;
  private static final long SEED_FACTOR = 2654435761L;
  private static final double WORDS = 4294967296.0;

  private Draws() {}

  /** 32-bit words: a multiplicative sequence under the finaliser of MurmurHash3. */
  public static int[] words(long seed, String name, int count) {
    CRC32 crc = new CRC32();
    crc.update(name.getBytes(StandardCharsets.UTF_8));
    int start = (int) crc.getValue() ^ (int) (seed * SEED_FACTOR);
    int[] words = new int[count];
    for (int i = 0; i < count; i++) {
      int x = i * SEQUENCE + start;
      x = (x ^ x >>> 16) * 0x85EBCA6B;
      x = (x ^ x >>> 13) * 0xC2B2AE35;
      words[i] = x ^ x >>> 16;
    }
    return words;
  }

  /** Numbers in [0, 1). */
  public static double[] uniform(long seed, String name, int count) {
    return IntStream.of(words(seed, name, count))
        .mapToDouble(word -> Integer.toUnsignedLong(word) / WORDS)
        .toArray();
  }

  /** Integers in [0, bound). */
  public static int[] below(long seed, String name, int count, int bound) {
    return IntStream.of(words(seed, name, count))
        .map(word -> Integer.remainderUnsigned(word, bound))
        .toArray();
  }

  /** The numbers from 0 to count less one, in the order of their words. */
  public static long[] permutation(long seed, String name, int count) {
    int[] words = words(seed, name, count);
    return IntStream.range(0, count)
        .boxed()
        .sorted(Comparator.comparingLong(i -> Integer.toUnsignedLong(words[i])))
        .mapToLong(Integer::longValue)
        .toArray();
  }
}
