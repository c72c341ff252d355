package io.diptych.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Our own pictures as PNG bytes, and the text that such a file carries. */
public final class PngFile {

  private PngFile() {}

  /** Encodes without any metadata. The same pixels give the same bytes on one Java release. */
  public static byte[] encode(BufferedImage image) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      if (!ImageIO.write(image, "png", stream)) {
        throw new IllegalArgumentException("A PNG cannot hold an image of type " + image.getType());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /**
   * Decodes a PNG that this service made; never for uploads, which go through {@link ImageIntake}.
   *
   * @return pixels of {@link BufferedImage#TYPE_INT_RGB}
   * @throws UncheckedIOException when the bytes are not such a PNG
   */
  public static BufferedImage decode(byte[] png) {
    try {
      BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
      if (image == null) {
        throw new IOException("Not a PNG");
      }
      int width = image.getWidth();
      int height = image.getHeight();
      BufferedImage rgb = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
      int[] row = new int[width];
      for (int y = 0; y < height; y++) {
        rgb.setRGB(0, y, width, 1, image.getRGB(0, y, width, 1, row, 0, width), 0, width);
      }
      return rgb;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Puts text into a PNG, before its pixels: {@code tEXt} where ASCII suffices, else {@code iTXt}.
   *
   * @param text values by keyword; a keyword has 1 to 79 ASCII characters
   */
  static byte[] withText(byte[] png, Map<String, String> text) {
    ByteCursor file = new ByteCursor(png);
    file.skip(PngChunks.SIGNATURE.length);
    PngChunks out = new PngChunks(png.length + 1024);
    while (file.remaining() > 0) {
      long length = file.u32();
      String type = file.ascii(4);
      out.write(type, file.take(length));
      file.skip(4);
      if (type.equals("IHDR")) {
        text.forEach((keyword, value) -> writeText(out, keyword, value));
      }
    }
    return out.toByteArray();
  }

  private static void writeText(PngChunks out, String keyword, String value) {
    boolean ascii = StandardCharsets.US_ASCII.newEncoder().canEncode(value);
    boolean plain = ascii && !keyword.equals(XmpPacket.KEYWORD) && value.indexOf('\0') < 0;
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    data.writeBytes(keyword.getBytes(StandardCharsets.US_ASCII));
    data.write(0);
    if (!plain) {
      // Not compressed, no language tag, no translated keyword.
      data.writeBytes(new byte[4]);
    }
    data.writeBytes(value.getBytes(StandardCharsets.UTF_8));
    out.write(plain ? "tEXt" : "iTXt", data.toByteArray());
  }

  /**
   * The uncompressed text of a PNG, by keyword.
   *
   * @throws IllegalArgumentException when the bytes are not a PNG
   */
  public static Map<String, String> text(byte[] png) {
    int signature = PngChunks.SIGNATURE.length;
    if (png.length < signature
        || !Arrays.equals(png, 0, signature, PngChunks.SIGNATURE, 0, signature)) {
      throw new IllegalArgumentException("Not a PNG");
    }
    Map<String, String> text = new LinkedHashMap<>();
    ByteCursor file = new ByteCursor(png);
    file.skip(signature);
    while (file.remaining() > 0) {
      long length = file.u32();
      String type = file.ascii(4);
      byte[] data = file.take(length);
      file.skip(4);
      if (type.equals("tEXt") || type.equals("iTXt")) {
        int end = indexOfZero(data, 0);
        String keyword = new String(data, 0, end, StandardCharsets.US_ASCII);
        int start = end + 1;
        if (type.equals("iTXt")) {
          start = indexOfZero(data, indexOfZero(data, start + 2) + 1) + 1;
        }
        text.put(keyword, new String(data, start, data.length - start, StandardCharsets.UTF_8));
      }
    }
    return text;
  }

  private static int indexOfZero(byte[] data, int from) {
    int index = from;
    while (index < data.length - 1 && data[index] != 0) {
      index++;
    }
    return index;
  }
}
