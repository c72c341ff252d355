package io.diptych.image;

import io.diptych.image.ImageRefusedException.Reason;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Tells what a file is from its first bytes. What is not accepted is named where it can be, so that
 * the refusal says more than "not supported".
 */
final class FormatSniffer {

  private static final Map<String, String> OTHERS = new LinkedHashMap<>();

  static {
    OTHERS.put("GIF8", "GIF");
    OTHERS.put("II*\0", "TIFF");
    OTHERS.put("MM\0*", "TIFF");
    OTHERS.put("II+\0", "TIFF");
    OTHERS.put("MM\0+", "TIFF");
    OTHERS.put("BM", "BMP");
    OTHERS.put("%PDF", "PDF");
    OTHERS.put("%!PS", "PostScript");
    OTHERS.put("8BPS", "Photoshop");
    OTHERS.put("\0\0\1\0", "icon");
    OTHERS.put("\0\0\0\fJXL ", "JPEG XL");
    OTHERS.put("\u00ff\n", "JPEG XL");
    OTHERS.put("\0\0\0\fjP  ", "JPEG 2000");
    OTHERS.put("\u00ffO\u00ffQ", "JPEG 2000");
    OTHERS.put("PK\3\4", "ZIP");
    OTHERS.put("\37\u008b", "gzip");
  }

  private FormatSniffer() {}

  static SourceFormat sniff(byte[] file) {
    if (file.length == 0) {
      throw new ImageRefusedException(
          Reason.EMPTY, "The image is empty (0 bytes). Send a JPEG, PNG or WebP file.");
    }
    if (startsWith(file, PngChunks.SIGNATURE)) {
      return SourceFormat.PNG;
    }
    String head = new String(file, 0, Math.min(file.length, 1024), StandardCharsets.ISO_8859_1);
    if (head.startsWith("\u00ff\u00d8\u00ff")) {
      return SourceFormat.JPEG;
    }
    if (head.startsWith("RIFF") && head.startsWith("WEBP", 8)) {
      return SourceFormat.WEBP;
    }
    throw new ImageRefusedException(
        Reason.UNSUPPORTED_TYPE,
        "The image is "
            + name(head)
            + ". Only JPEG, PNG and still WebP are accepted; save it as one of these.");
  }

  private static String name(String head) {
    for (Map.Entry<String, String> other : OTHERS.entrySet()) {
      if (head.startsWith(other.getKey())) {
        return "of type " + other.getValue();
      }
    }
    if (head.startsWith("ftyp", 4)) {
      String brand = head.substring(Math.min(8, head.length()), Math.min(12, head.length()));
      return switch (brand) {
        case "avif", "avis" -> "of type AVIF";
        case "heic", "heix", "hevc", "mif1", "msf1" -> "of type HEIC";
        default -> "a video or of an unknown ISO media type";
      };
    }
    String text = head.toLowerCase(Locale.ROOT);
    if (text.contains("<svg")) {
      return "of type SVG";
    }
    if (text.contains("<html") || text.contains("<!doctype html")) {
      return "of type HTML";
    }
    if (text.stripLeading().startsWith("<")) {
      return "of type XML";
    }
    return "of no known image type";
  }

  private static boolean startsWith(byte[] file, byte[] magic) {
    return file.length >= magic.length
        && Arrays.equals(file, 0, magic.length, magic, 0, magic.length);
  }
}
