package io.diptych.image;

import io.diptych.image.ImageRefusedException.Reason;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Walks the chunks of a PNG (PNG specification, third edition), checks their order and checksums,
 * and rebuilds the file from header, palette and pixel data alone.
 *
 * <p>Transparency is read here and not passed on, since decoders differ in what they make of it.
 */
final class PngScanner {

  private static final int GRAY = 0;
  private static final int RGB = 2;
  private static final int PALETTE = 3;
  private static final int GRAY_ALPHA = 4;
  private static final int RGBA = 6;

  private final ByteCursor file;
  private final ByteArrayOutputStream pixelData;

  private byte @Nullable [] header;
  private byte @Nullable [] palette;
  private byte @Nullable [] transparency;
  private byte @Nullable [] iccProfile;
  private Orientation orientation = Orientation.UPRIGHT;
  private boolean pixelDataEnded;

  private PngScanner(byte[] bytes) {
    this.file = new ByteCursor(bytes);
    this.pixelData = new ByteArrayOutputStream(bytes.length);
  }

  static ScannedImage scan(byte[] bytes) {
    return new PngScanner(bytes).scan();
  }

  private ScannedImage scan() {
    file.skip(8);
    boolean ended = false;
    while (!ended) {
      long length = file.u32();
      byte[] typed = file.take(length + 4);
      checkCrc(typed, file.u32());
      String type = new ByteCursor(typed).ascii(4);
      byte[] data = Arrays.copyOfRange(typed, 4, typed.length);
      if (header == null && !type.equals("IHDR")) {
        throw ImageRefusedException.damaged("the PNG header is missing");
      }
      if (pixelData.size() > 0 && !type.equals("IDAT")) {
        pixelDataEnded = true;
      }
      ended = chunk(type, data);
    }
    return result();
  }

  /** Takes one chunk in; true at the end of the picture, after which anything may follow. */
  private boolean chunk(String type, byte[] data) {
    switch (type) {
      case "IHDR" -> {
        if (header != null || data.length != 13) {
          throw ImageRefusedException.damaged("the PNG header is wrong");
        }
        header = data;
      }
      case "PLTE" -> {
        if (palette != null || data.length == 0 || data.length % 3 != 0 || data.length > 768) {
          throw ImageRefusedException.damaged("the PNG palette is wrong");
        }
        palette = data;
      }
      case "IDAT" -> {
        if (pixelDataEnded) {
          throw ImageRefusedException.damaged("the PNG pixel data is interrupted");
        }
        pixelData.writeBytes(data);
      }
      case "IEND" -> {
        return true;
      }
      case "acTL", "fcTL", "fdAT" ->
          throw new ImageRefusedException(
              Reason.ANIMATED,
              "The image is an animated PNG. Only still pictures are accepted; send one frame.");
      case "tRNS" -> transparency = data;
      case "iCCP" -> iccProfile = inflateProfile(data);
      case "eXIf" -> orientation = Orientation.ofExif(data);
      case "CgBI" ->
          throw new ImageRefusedException(
              Reason.UNSUPPORTED_VARIANT,
              "The image is a PNG in a form that only iOS reads. Save it as an ordinary PNG.");
      default -> {
        if (Character.isUpperCase(type.charAt(0))) {
          throw ImageRefusedException.damaged("it has an unknown essential PNG chunk");
        }
      }
    }
    return false;
  }

  private ScannedImage result() {
    ByteCursor ihdr = new ByteCursor(header == null ? new byte[0] : header);
    long width = ihdr.u32();
    long height = ihdr.u32();
    int depth = ihdr.u8();
    int colorType = ihdr.u8();
    int compression = ihdr.u8();
    int filter = ihdr.u8();
    int interlace = ihdr.u8();
    boolean depthFits =
        switch (colorType) {
          case GRAY -> depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
          case PALETTE -> depth == 1 || depth == 2 || depth == 4 || depth == 8;
          case RGB, GRAY_ALPHA, RGBA -> depth == 8 || depth == 16;
          default -> false;
        };
    if (width == 0
        || height == 0
        || width > Integer.MAX_VALUE
        || height > Integer.MAX_VALUE
        || !depthFits
        || compression != 0
        || filter != 0
        || interlace > 1
        || (colorType == PALETTE && palette == null)) {
      throw ImageRefusedException.damaged("the PNG header is wrong");
    }
    if (pixelData.size() == 0) {
      throw ImageRefusedException.damaged("it has no pixel data");
    }
    return new ScannedImage(
        SourceFormat.PNG,
        (int) width,
        (int) height,
        orientation,
        samples(colorType, depth),
        iccProfile,
        clean(colorType),
        0);
  }

  private ScannedImage.Samples samples(int colorType, int depth) {
    int max = (1 << depth) - 1;
    return switch (colorType) {
      case PALETTE -> new ScannedImage.Samples(1, false, max, argbPalette(), null);
      case GRAY -> new ScannedImage.Samples(1, false, max, null, transparentColor(1));
      case RGB -> new ScannedImage.Samples(3, false, max, null, transparentColor(3));
      case GRAY_ALPHA -> new ScannedImage.Samples(1, true, max, null, null);
      default -> new ScannedImage.Samples(3, true, max, null, null);
    };
  }

  private int[] argbPalette() {
    byte[] rgb = palette == null ? new byte[0] : palette;
    // An index past the palette is an error that decoders show as black.
    int[] argb = new int[256];
    Arrays.fill(argb, 0xff000000);
    for (int i = 0; i < rgb.length / 3; i++) {
      int alpha = transparency != null && i < transparency.length ? transparency[i] & 0xff : 255;
      argb[i] =
          alpha << 24
              | (rgb[3 * i] & 0xff) << 16
              | (rgb[3 * i + 1] & 0xff) << 8
              | rgb[3 * i + 2] & 0xff;
    }
    return argb;
  }

  private int @Nullable [] transparentColor(int bands) {
    if (transparency == null || transparency.length != 2 * bands) {
      return null;
    }
    ByteCursor cursor = new ByteCursor(transparency);
    int[] color = new int[bands];
    Arrays.setAll(color, band -> cursor.u16());
    return color;
  }

  private byte[] clean(int colorType) {
    PngChunks chunks = new PngChunks(pixelData.size() + 1024);
    chunks.write("IHDR", header == null ? new byte[0] : header);
    if (colorType == PALETTE && palette != null) {
      chunks.write("PLTE", palette);
    }
    chunks.write("IDAT", pixelData.toByteArray());
    chunks.write("IEND", new byte[0]);
    return chunks.toByteArray();
  }

  /** A profile that cannot be inflated is as good as none; one that inflates for ever is not. */
  private static byte @Nullable [] inflateProfile(byte[] chunk) {
    int start = 0;
    while (start < chunk.length && chunk[start] != 0) {
      start++;
    }
    start += 2;
    if (start >= chunk.length) {
      return null;
    }
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(chunk, start, chunk.length - start);
      ByteArrayOutputStream profile = new ByteArrayOutputStream();
      byte[] buffer = new byte[8192];
      while (!inflater.finished()) {
        int count = inflater.inflate(buffer);
        if (count == 0) {
          return null;
        }
        profile.write(buffer, 0, count);
        if (profile.size() > ScannedImage.MAX_PROFILE_BYTES) {
          throw new ImageRefusedException(
              Reason.BOMB,
              "The image's colour profile unpacks to more than 4 MiB. Save it without one, or"
                  + " with a standard profile.");
        }
      }
      return profile.toByteArray();
    } catch (DataFormatException e) {
      return null;
    } finally {
      inflater.end();
    }
  }

  private static void checkCrc(byte[] typed, long expected) {
    CRC32 crc = new CRC32();
    crc.update(typed);
    if (crc.getValue() != expected) {
      throw ImageRefusedException.damaged("a PNG checksum is wrong");
    }
  }
}
