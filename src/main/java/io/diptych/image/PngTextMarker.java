package io.diptych.image;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Marks in PNG text chunks and an XMP packet. */
enum PngTextMarker implements ProvenanceMarker {
  INSTANCE;

  @Override
  public byte[] mark(byte[] png, Provenance provenance) {
    return write(png, provenance.toText(), provenance.software(), XmpPacket.GENERATED);
  }

  @Override
  public byte[] markSheet(byte[] png, SheetProvenance provenance) {
    return write(png, provenance.toText(), provenance.software(), provenance.digitalSourceType());
  }

  private static byte[] write(
      byte[] png, Map<String, String> text, String software, @Nullable String digitalSourceType) {
    Map<String, String> all = new LinkedHashMap<>(text);
    if (digitalSourceType != null) {
      all.put(XmpPacket.KEYWORD, XmpPacket.of(software, digitalSourceType));
    }
    return PngFile.withText(png, all);
  }
}
