package io.diptych.image;

/**
 * The XMP packet of a generated picture (XMP part 1, part 3 section 1.1.5; IPTC photo metadata).
 */
final class XmpPacket {

  static final String KEYWORD = "XML:com.adobe.xmp";

  static final String DIGITAL_SOURCE_TYPE =
      "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

  private XmpPacket() {}

  static String of(Provenance provenance) {
    return """
        <?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>
        <x:xmpmeta xmlns:x="adobe:ns:meta/">
         <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
          <rdf:Description rdf:about=""
            xmlns:xmp="http://ns.adobe.com/xap/1.0/"
            xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
            xmp:CreatorTool="%s"
            Iptc4xmpExt:DigitalSourceType="%s"/>
         </rdf:RDF>
        </x:xmpmeta>
        <?xpacket end="r"?>"""
        .formatted(escape(provenance.software()), DIGITAL_SOURCE_TYPE);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }
}
