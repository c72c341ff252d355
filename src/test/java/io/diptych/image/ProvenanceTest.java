package io.diptych.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.util.Map;
import java.util.UUID;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class ProvenanceTest {

  private static final UUID CONTENT = UUID.fromString("0199b2a0-0000-7000-8000-000000000001");
  private static final UUID STYLE = UUID.fromString("0199b2a0-0000-7000-8000-000000000002");
  private static final UUID JOB = UUID.fromString("0199b2a0-0000-7000-8000-000000000003");

  private final Provenance provenance =
      new Provenance(
          "Diptych \"0.1\" <&>",
          JOB,
          -42,
          3,
          "{content} auf dem Mond, im Stil von {style} — 水彩",
          CONTENT,
          STYLE,
          "pocket",
          "ab".repeat(32));

  private final byte[] plain = PngFile.encode(Samples.quarters());
  private final byte[] marked = ProvenanceMarker.pngText().mark(plain, provenance);

  @Test
  void everythingNeededToMakeThePictureAgainIsReadBack() {
    assertThat(PngFile.text(marked))
        .containsEntry("Software", "Diptych \"0.1\" <&>")
        .containsEntry("Diptych-Job", JOB.toString())
        .containsEntry("Diptych-Seed", "-42")
        .containsEntry("Diptych-Image-Index", "3")
        .containsEntry("Diptych-Prompt", provenance.prompt())
        .containsEntry("Diptych-Content", CONTENT.toString())
        .containsEntry("Diptych-Style", STYLE.toString())
        .containsEntry("Diptych-Model", "pocket")
        .containsEntry("Diptych-Model-SHA256", "ab".repeat(32));
  }

  @Test
  void slotsThatWereNotUsedAreNotNamed() {
    Provenance plainPrompt =
        new Provenance("Diptych", JOB, 1, 0, "a cat", null, null, "pocket", "00");

    assertThat(PngFile.text(ProvenanceMarker.pngText().mark(plain, plainPrompt)))
        .doesNotContainKeys("Diptych-Content", "Diptych-Style");
  }

  @Test
  void theXmpPacketIsWellFormedAndSaysTrainedAlgorithmicMedia() throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setNamespaceAware(true);
    String packet = PngFile.text(marked).get("XML:com.adobe.xmp");

    Element description =
        (Element)
            factory
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(packet.substring(packet.indexOf("<x:")))))
                .getElementsByTagNameNS(
                    "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "Description")
                .item(0);

    assertThat(
            description.getAttributeNS(
                "http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "DigitalSourceType"))
        .isEqualTo("http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia");
    assertThat(description.getAttributeNS("http://ns.adobe.com/xap/1.0/", "CreatorTool"))
        .isEqualTo("Diptych \"0.1\" <&>");
  }

  @Test
  void marksLeaveThePixelsAlone() throws Exception {
    BufferedImage before = PngFile.decode(plain);
    BufferedImage after = ImageIO.read(new ByteArrayInputStream(marked));

    assertThat(after.getRGB(0, 0, 96, 64, null, 0, 96))
        .isEqualTo(before.getRGB(0, 0, 96, 64, null, 0, 96));
  }

  @Test
  void javasOwnReaderUnderstandsTheText() throws Exception {
    var reader = ImageIO.getImageReadersByFormatName("png").next();
    reader.setInput(ImageIO.createImageInputStream(new ByteArrayInputStream(marked)));
    var tree = reader.getImageMetadata(0).getAsTree("javax_imageio_png_1.0");
    reader.dispose();

    Element international = (Element) ((Element) tree).getElementsByTagName("iTXtEntry").item(0);
    assertThat(international.getAttribute("keyword")).isEqualTo("Diptych-Prompt");
    assertThat(international.getAttribute("text")).isEqualTo(provenance.prompt());
  }

  @Test
  void aPngWithoutTextReadsAsNone() {
    assertThat(PngFile.text(plain)).isEqualTo(Map.of());
  }
}
