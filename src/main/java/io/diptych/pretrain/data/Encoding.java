package io.diptych.pretrain.data;

import java.io.ByteArrayOutputStream;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * How one picture is kept in a shard, without loss and without an image library: the bytes of each
 * row as differences from the pixel to the left (modulo 256), deflated in zlib format.
 *
 * <p>In Python: {@code np.frombuffer(zlib.decompress(b), np.uint8).reshape(size, size, 3).cumsum(1,
 * dtype=np.uint8)}.
 */
final class Encoding {

  /** Name in {@code dataset.json}. */
  static final String NAME = "zlib-rgb-left-delta";

  private Encoding() {}

  /**
   * @param rgb interleaved, row-major, {@code size * size * 3} bytes
   */
  static byte[] encode(byte[] rgb, int size) {
    byte[] delta = new byte[rgb.length];
    int row = size * 3;
    for (int i = 0; i < rgb.length; i++) {
      delta[i] = (byte) (i % row < 3 ? rgb[i] : rgb[i] - rgb[i - 3]);
    }
    Deflater deflater = new Deflater(9);
    try {
      deflater.setStrategy(Deflater.FILTERED);
      deflater.setInput(delta);
      deflater.finish();
      ByteArrayOutputStream out = new ByteArrayOutputStream(rgb.length / 2);
      byte[] buffer = new byte[8192];
      while (!deflater.finished()) {
        out.write(buffer, 0, deflater.deflate(buffer));
      }
      return out.toByteArray();
    } finally {
      deflater.end();
    }
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws DatasetException when the bytes are damaged
   */
  static byte[] decode(byte[] encoded, int size) {
    byte[] rgb = new byte[size * size * 3];
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(encoded);
      int read = 0;
      while (read < rgb.length) {
        int n = inflater.inflate(rgb, read, rgb.length - read);
        if (n == 0) {
          throw new DatasetException(
              "A picture is cut short: "
                  + read
                  + " of "
                  + rgb.length
                  + " bytes. Make the data set again.");
        }
        read += n;
      }
    } catch (DataFormatException e) {
      throw new DatasetException("A picture is damaged. Make the data set again.", e);
    } finally {
      inflater.end();
    }
    int row = size * 3;
    for (int i = 0; i < rgb.length; i++) {
      if (i % row >= 3) {
        rgb[i] += rgb[i - 3];
      }
    }
    return rgb;
  }
}
