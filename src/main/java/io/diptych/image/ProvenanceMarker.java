package io.diptych.image;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Marks a generated picture as generated, and how. A port: signed manifests (C2PA) or a watermark
 * are further implementations, chained before or after {@link #pngText()}.
 */
@FunctionalInterface
public interface ProvenanceMarker {

  /** Returns the picture with its marks; pixels may change only imperceptibly. */
  byte[] mark(byte[] png, Provenance provenance);

  /**
   * PNG text chunks and an XMP packet whose digital source type says "trained algorithmic media"
   * (IPTC NewsCodes). Saving the picture in another program usually drops both.
   */
  static ProvenanceMarker pngText() {
    return (png, provenance) -> {
      Map<String, String> text = new LinkedHashMap<>(provenance.toText());
      text.put(XmpPacket.KEYWORD, XmpPacket.of(provenance));
      return PngFile.withText(png, text);
    };
  }
}
