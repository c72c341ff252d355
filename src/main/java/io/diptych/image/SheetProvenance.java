package io.diptych.image;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a contact sheet was put together from.
 *
 * @param software name and version of this service
 * @param generated the generated pictures on it, in order, each as its generation and its index:
 *     {@code 0199b2a0-0000-7000-8000-000000000001/0}
 * @param uploads whether pictures are on it that were not generated here
 */
public record SheetProvenance(String software, List<String> generated, boolean uploads) {

  public SheetProvenance {
    generated = List.copyOf(generated);
  }

  /** IPTC NewsCodes term; null for a sheet of uploads alone, of which we know no source. */
  @Nullable String digitalSourceType() {
    if (generated.isEmpty()) {
      return null;
    }
    return uploads ? XmpPacket.COMPOSITE_WITH_GENERATED : XmpPacket.GENERATED;
  }

  /** As PNG keywords and values, in the order they are written. */
  Map<String, String> toText() {
    Map<String, String> text = new LinkedHashMap<>();
    text.put("Software", software);
    if (!generated.isEmpty()) {
      text.put("Diptych-Pictures", String.join(" ", generated));
    }
    return text;
  }
}
