package io.diptych.image;

import io.diptych.image.ImageRefusedException.Reason;
import io.diptych.image.ScannedImage.Samples;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Walks the segments of a JPEG (ITU-T T.81) to its end marker and rebuilds the file from tables,
 * frame and scans alone; what follows the end marker is never looked at again.
 */
final class JpegScanner {

  /**
   * Ordinary progressive files have about ten scans. A small file with thousands of empty ones
   * makes a decoder pass over the whole picture for each.
   */
  private static final int MAX_SCANS = 100;

  private static final int SOF0 = 0xC0;
  private static final int SOF2 = 0xC2;
  private static final int DHT = 0xC4;
  private static final int JPG = 0xC8;
  private static final int DAC = 0xCC;
  private static final int SOI = 0xD8;
  private static final int EOI = 0xD9;
  private static final int SOS = 0xDA;
  private static final int DQT = 0xDB;
  private static final int DRI = 0xDD;
  private static final int APP0 = 0xE0;
  private static final int APP1 = 0xE1;
  private static final int APP2 = 0xE2;
  private static final int APP14 = 0xEE;
  private static final int APP15 = 0xEF;
  private static final int COM = 0xFE;

  private static final String EXIF = "Exif\0\0";
  private static final String ICC = "ICC_PROFILE\0";
  private static final String MULTI_PICTURE = "MPF\0";
  private static final int MULTI_PICTURE_ENTRIES = 0xB002;

  private final byte[] bytes;
  private final ByteCursor file;
  private final ByteArrayOutputStream clean;
  private final SortedMap<Integer, byte[]> iccParts = new TreeMap<>();
  private final ByteArrayOutputStream colorSegments = new ByteArrayOutputStream();

  private @Nullable Orientation orientation;
  private int width;
  private int height;
  private int components;
  private int scans;
  private boolean adobe;

  private JpegScanner(byte[] bytes) {
    this.bytes = bytes;
    this.file = new ByteCursor(bytes);
    this.clean = new ByteArrayOutputStream(bytes.length);
  }

  static ScannedImage scan(byte[] bytes) {
    return new JpegScanner(bytes).scan();
  }

  private ScannedImage scan() {
    file.skip(2);
    int marker = nextMarker();
    while (marker != EOI) {
      if (marker < SOF0 || (marker >= 0xD0 && marker <= SOI)) {
        throw ImageRefusedException.damaged("a JPEG marker is out of place");
      }
      int length = file.u16();
      segment(marker, file.take(length - 2L));
      if (marker == SOS) {
        copyScan();
      }
      marker = nextMarker();
    }
    if (scans == 0) {
      throw ImageRefusedException.damaged("it has no pixel data");
    }
    return result();
  }

  private int nextMarker() {
    if (file.u8() != 0xFF) {
      throw ImageRefusedException.damaged("a JPEG segment has the wrong length");
    }
    int marker = file.u8();
    while (marker == 0xFF) {
      marker = file.u8();
    }
    return marker;
  }

  private void segment(int marker, byte[] data) {
    switch (marker) {
      case DQT, DHT, DRI -> copy(marker, data);
      case SOS -> {
        if (components == 0) {
          throw ImageRefusedException.damaged("its pixel data comes before its size");
        }
        if (++scans > MAX_SCANS) {
          throw new ImageRefusedException(
              Reason.BOMB, "The image has more than " + MAX_SCANS + " JPEG scans. Save it anew.");
        }
        copy(marker, data);
      }
      case SOF0, SOF0 + 1, SOF2 -> {
        frame(data);
        copy(marker, data);
      }
      case DAC -> throw unsupported("arithmetic-coded");
      case APP0 -> {
        if (startsWith(data, "JFIF\0") && data.length >= 14) {
          // Thumbnail sizes, the last two bytes, are set to none.
          byte[] jfif = Arrays.copyOf(data, 14);
          jfif[12] = 0;
          jfif[13] = 0;
          append(colorSegments, APP0, jfif);
        }
      }
      case APP1 -> {
        if (orientation == null && startsWith(data, EXIF)) {
          orientation = Orientation.ofExif(after(data, EXIF.length()));
        }
      }
      case APP2 -> {
        if (startsWith(data, ICC) && data.length > ICC.length() + 2) {
          iccParts.putIfAbsent(data[ICC.length()] & 0xff, after(data, ICC.length() + 2));
        } else if (startsWith(data, MULTI_PICTURE)) {
          refuseSeveralPictures(after(data, MULTI_PICTURE.length()));
        }
      }
      case APP14 -> {
        if (startsWith(data, "Adobe") && data.length >= 12) {
          append(colorSegments, APP14, Arrays.copyOf(data, 12));
          adobe = true;
        }
      }
      default -> {
        boolean ignorable = (marker > APP0 && marker <= APP15) || marker == COM;
        boolean otherFrame = marker > SOF2 && marker <= 0xCF && marker != JPG;
        if (otherFrame) {
          throw unsupported(marker == SOF0 + 3 ? "lossless" : "arithmetic-coded or hierarchical");
        }
        if (!ignorable) {
          throw unsupported("unusual");
        }
      }
    }
  }

  private void frame(byte[] data) {
    ByteCursor frame = new ByteCursor(data);
    int precision = frame.u8();
    if (components != 0) {
      throw ImageRefusedException.damaged("it has two JPEG frames");
    }
    height = frame.u16();
    width = frame.u16();
    components = frame.u8();
    if (precision != 8) {
      throw unsupported(precision + "-bit");
    }
    if (components != 1 && components != 3 && components != 4) {
      throw unsupported(components + "-component");
    }
    if (width == 0 || height == 0 || frame.remaining() != 3 * components) {
      throw ImageRefusedException.damaged("the JPEG frame header is wrong");
    }
  }

  /** Copies entropy-coded data up to the next marker that is neither stuffing nor a restart. */
  private void copyScan() {
    int start = file.position();
    int end = start;
    while (true) {
      if (end + 1 >= bytes.length) {
        throw ImageRefusedException.damaged("it ends too early");
      }
      if (bytes[end] == (byte) 0xFF) {
        int next = bytes[end + 1] & 0xff;
        boolean stuffing = next == 0;
        boolean restart = next >= 0xD0 && next <= 0xD7;
        if (next != 0xFF && !stuffing && !restart) {
          break;
        }
        end += next == 0xFF ? 1 : 2;
      } else {
        end++;
      }
    }
    clean.write(bytes, start, end - start);
    file.skip(end - start);
  }

  /**
   * Phones append small pictures and gain maps to a photograph under the same index as stereo pairs
   * and panoramas; only the latter are pictures of equal rank (CIPA DC-007, table 4).
   */
  private static void refuseSeveralPictures(byte[] tiff) {
    TiffDirectory directory = TiffDirectory.read(tiff);
    ByteBuffer entries = ByteBuffer.wrap(directory.bytes(MULTI_PICTURE_ENTRIES));
    entries.order(directory.order());
    for (int offset = 0; offset + 16 <= entries.capacity(); offset += 16) {
      int type = entries.getInt(offset) & 0xFFFFFF;
      if (type >> 16 == 0x02) {
        throw new ImageRefusedException(
            Reason.MULTI_PAGE,
            "The image holds several pictures (a stereo pair or a panorama). Send one of them.");
      }
    }
  }

  private ScannedImage result() {
    if (components == 4 && !adobe) {
      // Decoders disagree whether these are inks, inverted inks, or colours with alpha.
      throw unsupported("four-component (and unmarked)");
    }
    byte[] profile = profile();
    ByteArrayOutputStream file = new ByteArrayOutputStream(clean.size() + 1024);
    file.write(0xFF);
    file.write(SOI);
    file.writeBytes(colorSegments.toByteArray());
    if (components == 4 && profile != null) {
      // From four inks to three colours only the decoder converts.
      int part = 60_000;
      int parts = (profile.length + part - 1) / part;
      for (int i = 0; i < parts; i++) {
        ByteArrayOutputStream segment = new ByteArrayOutputStream();
        segment.writeBytes(ICC.getBytes(StandardCharsets.ISO_8859_1));
        segment.write(i + 1);
        segment.write(parts);
        segment.write(profile, i * part, Math.min(part, profile.length - i * part));
        append(file, APP2, segment.toByteArray());
      }
    }
    file.writeBytes(clean.toByteArray());
    file.write(0xFF);
    file.write(EOI);
    return new ScannedImage(
        SourceFormat.JPEG,
        width,
        height,
        orientation == null ? Orientation.UPRIGHT : orientation,
        Samples.of(components == 1 ? 1 : 3, false),
        components == 4 ? null : profile,
        file.toByteArray(),
        0);
  }

  private byte @Nullable [] profile() {
    if (iccParts.isEmpty()) {
      return null;
    }
    ByteArrayOutputStream profile = new ByteArrayOutputStream();
    iccParts.values().forEach(profile::writeBytes);
    if (profile.size() > ScannedImage.MAX_PROFILE_BYTES) {
      throw new ImageRefusedException(
          Reason.BOMB,
          "The image's colour profile is larger than 4 MiB. Save it without one, or with a"
              + " standard profile.");
    }
    return profile.toByteArray();
  }

  private void copy(int marker, byte[] data) {
    append(clean, marker, data);
  }

  private static void append(ByteArrayOutputStream out, int marker, byte[] data) {
    out.write(0xFF);
    out.write(marker);
    out.write((data.length + 2) >>> 8);
    out.write(data.length + 2);
    out.writeBytes(data);
  }

  private static byte[] after(byte[] data, int offset) {
    return Arrays.copyOfRange(data, offset, data.length);
  }

  private static boolean startsWith(byte[] data, String prefix) {
    byte[] start = prefix.getBytes(StandardCharsets.ISO_8859_1);
    return data.length >= start.length
        && Arrays.equals(data, 0, start.length, start, 0, start.length);
  }

  private static ImageRefusedException unsupported(String kind) {
    return new ImageRefusedException(
        Reason.UNSUPPORTED_VARIANT,
        "The image is a "
            + kind
            + " JPEG, which is not read. Save it as an ordinary 8-bit JPEG or PNG.");
  }
}
