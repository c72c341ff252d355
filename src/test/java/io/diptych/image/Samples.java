package io.diptych.image;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Makes picture files for tests: sound ones, and the parts that unsound ones are put together from.
 */
final class Samples {

  static final int WIDTH = 96;
  static final int HEIGHT = 64;

  static final Color TOP_LEFT = new Color(220, 30, 30);
  static final Color TOP_RIGHT = new Color(30, 180, 30);
  static final Color BOTTOM_LEFT = new Color(30, 30, 220);
  static final Color BOTTOM_RIGHT = new Color(230, 220, 40);

  private Samples() {}

  /** Four quarters of four colours, 96 x 64, so that every turn and mirroring shows. */
  static BufferedImage quarters() {
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    Color[] colors = {TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT, BOTTOM_RIGHT};
    for (int i = 0; i < 4; i++) {
      graphics.setColor(colors[i]);
      graphics.fillRect(i % 2 * WIDTH / 2, i / 2 * HEIGHT / 2, WIDTH / 2, HEIGHT / 2);
    }
    graphics.dispose();
    return image;
  }

  static byte[] resource(String name) {
    try (InputStream in = Samples.class.getResourceAsStream("/images/" + name)) {
      if (in == null) {
        throw new IllegalStateException("No test image " + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // JPEG

  static byte[] jpeg() {
    return jpeg(quarters(), false);
  }

  static byte[] jpeg(BufferedImage image, boolean progressive) {
    return writeJpeg(new IIOImage(image, null, null), progressive);
  }

  /** Four components without any marker; an Adobe segment decides what they mean. */
  static byte[] fourComponentJpeg(int first, int second, int third, int fourth) {
    WritableRaster raster = Raster.createInterleavedRaster(0, WIDTH, HEIGHT, 4, null);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        raster.setPixel(x, y, new int[] {first, second, third, fourth});
      }
    }
    return writeJpeg(new IIOImage(raster, null, null), false);
  }

  private static byte[] writeJpeg(IIOImage image, boolean progressive) {
    ImageWriter writer = jdkJpegWriter();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      ImageWriteParam param = writer.getDefaultWriteParam();
      param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      param.setCompressionQuality(0.95f);
      param.setProgressiveMode(
          progressive ? ImageWriteParam.MODE_DEFAULT : ImageWriteParam.MODE_DISABLED);
      writer.setOutput(stream);
      writer.write(null, image, param);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }

  private static ImageWriter jdkJpegWriter() {
    var writers = ImageIO.getImageWritersByFormatName("jpeg");
    while (writers.hasNext()) {
      ImageWriter writer = writers.next();
      if (writer.getClass().getName().startsWith("com.sun.")) {
        return writer;
      }
    }
    throw new IllegalStateException("The JDK writes no JPEG");
  }

  /** A segment with its marker and length. */
  static byte[] segment(int marker, byte[]... parts) {
    byte[] data = concat(parts);
    int length = data.length + 2;
    return concat(bytes(0xFF, marker, length >>> 8, length), data);
  }

  static byte[] exifSegment(byte[] tiff) {
    return segment(0xE1, latin1("Exif\0\0"), tiff);
  }

  static byte[] adobeSegment(int transform) {
    return segment(0xEE, latin1("Adobe"), bytes(0, 100, 0, 0, 0, 0, transform));
  }

  static byte[] iccSegment(byte[] profile) {
    return segment(0xE2, latin1("ICC_PROFILE\0"), bytes(1, 1), profile);
  }

  /** Puts bytes right behind a JPEG's first marker. */
  static byte[] afterStart(byte[] jpeg, byte[]... inserted) {
    return concat(
        Arrays.copyOf(jpeg, 2), concat(inserted), Arrays.copyOfRange(jpeg, 2, jpeg.length));
  }

  /** Takes the JFIF segment out, which outranks an Adobe one. */
  static byte[] withoutJfif(byte[] jpeg) {
    int at = indexOf(jpeg, bytes(0xFF, 0xE0));
    if (at < 0) {
      return jpeg;
    }
    int length = (jpeg[at + 2] & 0xff) << 8 | jpeg[at + 3] & 0xff;
    return concat(Arrays.copyOf(jpeg, at), Arrays.copyOfRange(jpeg, at + 2 + length, jpeg.length));
  }

  // EXIF and MPF

  /** A little-endian TIFF directory with one short. */
  static byte[] tiff(int tag, int value) {
    return ByteBuffer.allocate(26)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(latin1("II"))
        .putShort((short) 42)
        .putInt(8)
        .putShort((short) 1)
        .putShort((short) tag)
        .putShort((short) 3)
        .putInt(1)
        .putInt(value)
        .array();
  }

  /** A big-endian multi-picture index of the given image types. */
  static byte[] multiPictureSegment(int... types) {
    ByteBuffer tiff = ByteBuffer.allocate(26 + 16 * types.length);
    tiff.put(latin1("MM")).putShort((short) 42).putInt(8).putShort((short) 1);
    tiff.putShort((short) 0xB002).putShort((short) 7).putInt(16 * types.length).putInt(26);
    tiff.putInt(0);
    for (int type : types) {
      tiff.putInt(type).putInt(1000).putInt(0).putInt(0);
    }
    return segment(0xE2, latin1("MPF\0"), tiff.array());
  }

  // PNG

  static byte[] png() {
    return PngFile.encode(quarters());
  }

  /** Chunks in the order given, behind a signature. */
  static byte[] png(Chunk... chunks) {
    PngChunks out = new PngChunks(1024);
    for (Chunk chunk : chunks) {
      out.write(chunk.type(), chunk.data());
    }
    return out.toByteArray();
  }

  record Chunk(String type, byte[] data) {}

  static Chunk ihdr(int width, int height, int depth, int colorType, int interlace) {
    return new Chunk(
        "IHDR",
        ByteBuffer.allocate(13)
            .putInt(width)
            .putInt(height)
            .put((byte) depth)
            .put((byte) colorType)
            .put((byte) 0)
            .put((byte) 0)
            .put((byte) interlace)
            .array());
  }

  /** Rows as they are, each behind a filter byte of its own already. */
  static Chunk idat(byte[] filteredRows) {
    return new Chunk("IDAT", deflate(filteredRows));
  }

  static Chunk iend() {
    return new Chunk("IEND", new byte[0]);
  }

  /** A whole PNG of one repeated pixel. */
  static byte[] uniformPng(int depth, int colorType, byte[] pixel, Chunk... extra) {
    byte[] row = new byte[1 + pixel.length * WIDTH];
    for (int x = 0; x < WIDTH; x++) {
      System.arraycopy(pixel, 0, row, 1 + x * pixel.length, pixel.length);
    }
    byte[] rows = new byte[row.length * HEIGHT];
    for (int y = 0; y < HEIGHT; y++) {
      System.arraycopy(row, 0, rows, y * row.length, row.length);
    }
    Chunk[] chunks = new Chunk[extra.length + 3];
    chunks[0] = ihdr(WIDTH, HEIGHT, depth, colorType, 0);
    System.arraycopy(extra, 0, chunks, 1, extra.length);
    chunks[extra.length + 1] = idat(rows);
    chunks[extra.length + 2] = iend();
    return png(chunks);
  }

  /** The sample PNG with a chunk put in behind its header. */
  static byte[] pngWith(Chunk extra) {
    byte[] png = png();
    int headerEnd = 8 + 25;
    byte[] chunk = png(extra);
    return concat(
        Arrays.copyOf(png, headerEnd),
        Arrays.copyOfRange(chunk, 8, chunk.length),
        Arrays.copyOfRange(png, headerEnd, png.length));
  }

  static Chunk iccp(byte[] profile) {
    return new Chunk("iCCP", concat(latin1("profile\0"), bytes(0), deflate(profile)));
  }

  static byte[] deflate(byte[] data) {
    return deflateZerosBehind(data, 0);
  }

  /** Deflates data and then zeros, without ever holding the zeros. */
  static byte[] deflateZerosBehind(byte[] data, long zeros) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Deflater deflater = new Deflater(Deflater.BEST_SPEED);
    try (DeflaterOutputStream stream = new DeflaterOutputStream(out, deflater)) {
      stream.write(data);
      byte[] block = new byte[1 << 16];
      for (long left = zeros; left > 0; left -= block.length) {
        stream.write(block, 0, (int) Math.min(left, block.length));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      deflater.end();
    }
    return out.toByteArray();
  }

  // WebP

  static byte[] webp(byte[]... chunks) {
    byte[] all = concat(chunks);
    return concat(latin1("RIFF"), u32le(all.length + 4), latin1("WEBP"), all);
  }

  static byte[] riffChunk(String type, byte[] data) {
    return concat(latin1(type), u32le(data.length), data, new byte[data.length % 2]);
  }

  static byte[] vp8x(int flags, int width, int height) {
    byte[] header =
        ByteBuffer.allocate(12)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(flags)
            .putInt(width - 1)
            .array();
    byte[] data = Arrays.copyOf(header, 10);
    data[7] = (byte) (height - 1);
    data[8] = (byte) (height - 1 >>> 8);
    data[9] = (byte) (height - 1 >>> 16);
    return riffChunk("VP8X", data);
  }

  /** One chunk of a sample file, header and padding included. */
  static byte[] webpChunk(String resource, String type) {
    byte[] file = resource(resource);
    int at = indexOf(file, latin1(type));
    int length = ByteBuffer.wrap(file, at + 4, 4).order(ByteOrder.LITTLE_ENDIAN).getInt();
    return Arrays.copyOfRange(file, at, at + 8 + length + length % 2);
  }

  /** Bits of a lossless WebP bitstream, least significant first. */
  static final class Vp8lBits {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int current;
    private int count;

    Vp8lBits put(int value, int bits) {
      for (int i = 0; i < bits; i++) {
        current |= (value >>> i & 1) << count;
        if (++count == 8) {
          out.write(current);
          current = 0;
          count = 0;
        }
      }
      return this;
    }

    Vp8lBits header(int width, int height) {
      return put(0x2F, 8).put(width - 1, 14).put(height - 1, 14).put(0, 1).put(0, 3);
    }

    /** A prefix code of one symbol below 256, which then costs no bits. */
    Vp8lBits constant(int symbol) {
      return put(1, 1).put(0, 1).put(1, 1).put(symbol, 8);
    }

    byte[] chunk() {
      ByteArrayOutputStream whole = new ByteArrayOutputStream();
      whole.writeBytes(out.toByteArray());
      whole.write(current);
      return riffChunk("VP8L", whole.toByteArray());
    }
  }

  // Colour

  /** Java's linear-light profiles: middle gray 128 under them is sRGB 188. */
  static byte[] linearProfile(int colorSpace) {
    return ICC_Profile.getInstance(colorSpace).getData();
  }

  // Bytes

  static byte[] bytes(int... values) {
    byte[] result = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = (byte) values[i];
    }
    return result;
  }

  static byte[] latin1(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  static byte[] u32le(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    List.of(parts).forEach(out::writeBytes);
    return out.toByteArray();
  }

  /** The bytes with some of them replaced. */
  static byte[] patched(byte[] file, int at, int... values) {
    byte[] result = file.clone();
    System.arraycopy(bytes(values), 0, result, at, values.length);
    return result;
  }

  static int indexOf(byte[] file, byte[] wanted) {
    return indexOf(file, wanted, 0);
  }

  static int indexOf(byte[] file, byte[] wanted, int from) {
    for (int i = from; i + wanted.length <= file.length; i++) {
      if (Arrays.equals(file, i, i + wanted.length, wanted, 0, wanted.length)) {
        return i;
      }
    }
    return -1;
  }
}
