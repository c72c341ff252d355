package io.diptych.image;

import io.diptych.image.ImageRefusedException.Reason;
import io.diptych.image.ScannedImage.Samples;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Walks the chunks of a WebP (RFC 9649) and rebuilds it from its one bitstream and its alpha plane.
 */
final class WebpScanner {

  private static final int EXTENDED_ANIMATION = 0x02;
  private static final int EXTENDED_ALPHA = 0x10;

  /** Bit readers look this far ahead of the last bit that counts; see {@link GuardedInput}. */
  private static final int READ_AHEAD = 32;

  private final byte[] bytes;

  private byte @Nullable [] extended;
  private byte @Nullable [] alphaPlane;
  private byte @Nullable [] iccProfile;
  private byte @Nullable [] lossy;
  private byte @Nullable [] lossless;
  private Orientation orientation = Orientation.UPRIGHT;

  private WebpScanner(byte[] bytes) {
    this.bytes = bytes;
  }

  static ScannedImage scan(byte[] bytes) {
    return new WebpScanner(bytes).scan();
  }

  private ScannedImage scan() {
    ByteCursor riff = new ByteCursor(bytes);
    riff.skip(4);
    long size = riff.u32le();
    if (size < 4 || size > riff.remaining()) {
      throw ImageRefusedException.damaged("it ends too early");
    }
    ByteCursor file = new ByteCursor(bytes, 12, 8 + (int) size);
    while (file.remaining() > 0) {
      String type = file.ascii(4);
      long length = file.u32le();
      chunk(type, file.take(length));
      if (length % 2 == 1 && file.remaining() > 0) {
        file.skip(1);
      }
    }
    return result();
  }

  private void chunk(String type, byte[] data) {
    switch (type) {
      case "VP8X" -> {
        if (extended != null || data.length != 10 || lossy != null || lossless != null) {
          throw ImageRefusedException.damaged("the WebP header is wrong");
        }
        if ((data[0] & EXTENDED_ANIMATION) != 0) {
          throw animated();
        }
        extended = data;
      }
      case "ANIM", "ANMF" -> throw animated();
      case "ALPH" -> {
        if (alphaPlane != null || lossy != null || data.length == 0) {
          throw ImageRefusedException.damaged("the WebP alpha plane is out of place");
        }
        alphaPlane = data;
      }
      case "VP8 " -> {
        requireFirstBitstream();
        lossy = data;
      }
      case "VP8L" -> {
        requireFirstBitstream();
        lossless = data;
      }
      case "ICCP" -> {
        if (data.length > ScannedImage.MAX_PROFILE_BYTES) {
          throw new ImageRefusedException(
              Reason.BOMB,
              "The image's colour profile is larger than 4 MiB. Save it without one, or with a"
                  + " standard profile.");
        }
        iccProfile = data;
      }
      case "EXIF" -> {
        // Some writers keep the marker that precedes EXIF in a JPEG.
        byte[] marker = "Exif\0\0".getBytes(StandardCharsets.ISO_8859_1);
        boolean marked =
            data.length > marker.length
                && Arrays.equals(data, 0, marker.length, marker, 0, marker.length);
        orientation =
            Orientation.ofExif(
                marked ? Arrays.copyOfRange(data, marker.length, data.length) : data);
      }
      default -> {
        // Unknown chunks are allowed and meaningless here.
      }
    }
  }

  private void requireFirstBitstream() {
    if (lossy != null || lossless != null) {
      throw ImageRefusedException.damaged("it has two WebP bitstreams");
    }
  }

  private ScannedImage result() {
    int width;
    int height;
    boolean alpha;
    if (lossless != null) {
      ByteCursor header = new ByteCursor(lossless);
      int signature = header.u8();
      long bits = header.u32le();
      width = 1 + (int) (bits & 0x3fff);
      height = 1 + (int) (bits >> 14 & 0x3fff);
      alpha = (bits >> 28 & 1) == 1;
      if (signature != 0x2F || bits >> 29 != 0) {
        throw ImageRefusedException.damaged("the WebP header is wrong");
      }
    } else if (lossy != null) {
      ByteCursor header = new ByteCursor(lossy);
      int frame = header.u24le();
      int startCode = header.u24le();
      width = header.u16le() & 0x3fff;
      height = header.u16le() & 0x3fff;
      alpha = alphaPlane != null;
      boolean keyFrame = (frame & 1) == 0;
      long firstPartition = frame >> 5;
      if (!keyFrame
          || startCode != 0x2A019D
          || width == 0
          || height == 0
          || firstPartition > header.remaining()) {
        throw ImageRefusedException.damaged("the WebP header is wrong");
      }
      requireCompressedAlpha();
    } else {
      throw ImageRefusedException.damaged("it has no pixel data");
    }
    if (extended != null) {
      ByteCursor canvas = new ByteCursor(extended, 4, 10);
      if (canvas.u24le() + 1 != width || canvas.u24le() + 1 != height) {
        throw ImageRefusedException.damaged("it claims two different sizes");
      }
    }
    return clean(width, height, alpha);
  }

  private void requireCompressedAlpha() {
    if (alphaPlane != null && (alphaPlane[0] & 0x03) != 1) {
      throw new ImageRefusedException(
          Reason.UNSUPPORTED_VARIANT,
          "The image is a WebP with an uncompressed alpha plane, which is not read. Save it as a"
              + " PNG.");
    }
  }

  private ScannedImage clean(int width, int height, boolean alpha) {
    ByteArrayOutputStream chunks = new ByteArrayOutputStream(bytes.length);
    int tablesEnd;
    if (lossless != null) {
      append(chunks, "VP8L", lossless);
      tablesEnd = Integer.MAX_VALUE;
    } else if (alphaPlane != null && lossy != null) {
      byte[] header = new byte[10];
      header[0] = EXTENDED_ALPHA;
      putU24le(header, 4, width - 1);
      putU24le(header, 7, height - 1);
      append(chunks, "VP8X", header);
      append(chunks, "ALPH", alphaPlane);
      tablesEnd = 12 + chunks.size();
      append(chunks, "VP8 ", lossy);
    } else {
      append(chunks, "VP8 ", lossy == null ? new byte[0] : lossy);
      tablesEnd = 0;
    }
    ByteArrayOutputStream file = new ByteArrayOutputStream(chunks.size() + 12);
    file.writeBytes("RIFF".getBytes(StandardCharsets.US_ASCII));
    putU32le(file, chunks.size() + 4);
    file.writeBytes("WEBP".getBytes(StandardCharsets.US_ASCII));
    file.writeBytes(chunks.toByteArray());
    file.writeBytes(new byte[READ_AHEAD]);
    return new ScannedImage(
        SourceFormat.WEBP,
        width,
        height,
        orientation,
        Samples.of(3, alpha),
        iccProfile,
        file.toByteArray(),
        tablesEnd);
  }

  private static void append(ByteArrayOutputStream out, String type, byte[] data) {
    out.writeBytes(type.getBytes(StandardCharsets.US_ASCII));
    putU32le(out, data.length);
    out.writeBytes(data);
    if (data.length % 2 == 1) {
      out.write(0);
    }
  }

  private static void putU32le(ByteArrayOutputStream out, int value) {
    for (int shift = 0; shift < 32; shift += 8) {
      out.write(value >>> shift);
    }
  }

  private static void putU24le(byte[] target, int offset, int value) {
    target[offset] = (byte) value;
    target[offset + 1] = (byte) (value >>> 8);
    target[offset + 2] = (byte) (value >>> 16);
  }

  private static ImageRefusedException animated() {
    return new ImageRefusedException(
        Reason.ANIMATED,
        "The image is an animated WebP. Only still pictures are accepted; send one frame.");
  }
}
