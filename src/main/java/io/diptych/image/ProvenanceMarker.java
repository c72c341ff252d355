package io.diptych.image;

/**
 * Marks a generated picture as generated, and how. A port: signed manifests (C2PA) or a watermark
 * are further implementations, chained before or after {@link #pngText()}.
 */
public interface ProvenanceMarker {

  /** Returns the picture with its marks; pixels may change only imperceptibly. */
  byte[] mark(byte[] png, Provenance provenance);

  /** Returns a sheet of pictures with its marks; pixels may change only imperceptibly. */
  byte[] markSheet(byte[] png, SheetProvenance provenance);

  /**
   * PNG text chunks and an XMP packet with the digital source type (IPTC NewsCodes): "trained
   * algorithmic media", or for a sheet that shows uploads too "composite with trained algorithmic
   * media". Saving the picture in another program usually drops both.
   */
  static ProvenanceMarker pngText() {
    return PngTextMarker.INSTANCE;
  }
}
