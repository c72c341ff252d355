package io.diptych.image;

/**
 * The XMP packet of a generated picture (XMP part 1, part 3 section 1.1.5; IPTC photo metadata).
 */
final class XmpPacket {

  static final String KEYWORD = "XML:com.adobe.xmp";

  private static final String TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/";

  /** Digital source type of what a model made. */
  static final String GENERATED = TERMS + "trainedAlgorithmicMedia";

  /** Digital source type of what a model made together with something else. */
  static final String COMPOSITE_WITH_GENERATED = TERMS + "compositeWithTrainedAlgorithmicMedia";

  private XmpPacket() {}

  /**
   * @param digitalSourceType a term of the IPTC NewsCodes
   */
  static String of(String software, String digitalSourceType) {
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
        .formatted(escape(software), digitalSourceType);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }
}
