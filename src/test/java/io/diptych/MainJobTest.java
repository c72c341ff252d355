package io.diptych;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.decomposition.TestService;
import io.diptych.decomposition.TestService.Caller;
import io.diptych.decomposition.TestService.Event;
import io.diptych.engine.Concept;
import io.diptych.engine.csd.ConceptFile;
import io.diptych.http.Client.Reply;
import io.diptych.image.PngFile;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * What the service is for, from upload to pictures, as on a fresh machine: its own PostgreSQL, its
 * own model, real connections. What the pictures show is not looked at; other tests measure that.
 */
class MainJobTest {

  private static final int STEPS = 8;
  private static final int COUNT = 3;

  @Test
  void twoPicturesAreTakenApartAndMixed(@TempDir Path directory) {
    try (TestService service = TestService.startFresh(directory)) {
      Caller alice = service.newTenant();

      String fox = upload(alice, TestService.picture(), "fox", "flat", 7);
      String lamp = upload(alice, PngFile.encode(lamp()), "lamp", "line drawing", 8);
      Concept foxConcept = finished(alice, fox, "fox");
      Concept lampConcept = finished(alice, lamp, "lamp");
      assertThat(foxConcept.tensors().keySet()).isEqualTo(lampConcept.tensors().keySet());
      assertThat(ConceptFile.write(foxConcept)).isNotEqualTo(ConceptFile.write(lampConcept));

      String foxId = id(fox);
      String lampId = id(lamp);
      int side = alice.get("/models/pocket").json().get("resolution").asInt();
      Made content =
          new Made(
              alice,
              side,
              """
              {"prompt": "a {content} on the moon", "content": "%s", "seed": 11, "count": %d}
              """
                  .formatted(foxId, COUNT));
      content.carries("Diptych-Content", foxId).lacks("Diptych-Style");
      Made style =
          new Made(
              alice,
              side,
              """
              {"prompt": "a castle in {style} style", "style": "%s", "seed": 11, "count": %d}
              """
                  .formatted(lampId, COUNT));
      style.carries("Diptych-Style", lampId).lacks("Diptych-Content");
      String mixRequest =
          """
          {"prompt": "a {content} in {style} style", "content": "%s", "style": "%s", "seed": 11,
           "count": %d}
          """;
      Made mix = new Made(alice, side, mixRequest.formatted(foxId, lampId, COUNT));
      mix.carries("Diptych-Content", foxId).carries("Diptych-Style", lampId);

      // The files differ in one text, the id of their generation.
      Made again = new Made(alice, side, mixRequest.formatted(foxId, lampId, COUNT));
      Made alone = new Made(alice, side, mixRequest.formatted(foxId, lampId, 1));
      Made swapped = new Made(alice, side, mixRequest.formatted(lampId, foxId, 1));
      assertThat(mix.batchSize()).isGreaterThanOrEqualTo(COUNT);
      assertThat(alone.batchSize()).isEqualTo(1);
      assertThat(again.pixels()).isEqualTo(mix.pixels());
      assertThat(alone.pixels().get(0)).isEqualTo(mix.pixels().get(0));
      assertThat(mix.pixels()).doesNotHaveDuplicates();
      assertThat(swapped.pixels()).doesNotContainAnyElementsOf(mix.pixels());
    }
  }

  /** A picture with another subject, drawn in another way, than {@link TestService#picture()}. */
  private static BufferedImage lamp() {
    BufferedImage image = new BufferedImage(120, 90, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, 120, 90);
    g.setColor(Color.BLACK);
    g.drawPolygon(new int[] {40, 80, 95, 25}, new int[] {10, 10, 45, 45}, 4);
    g.drawLine(60, 45, 60, 80);
    g.drawLine(40, 80, 80, 80);
    g.dispose();
    return image;
  }

  private static String upload(
      Caller alice, byte[] picture, String content, String style, int seed) {
    Reply accepted =
        alice.upload(
            "/decompositions",
            picture,
            "picture.png",
            "image/png",
            "{\"contentWord\": \"%s\", \"styleWord\": \"%s\", \"steps\": %d, \"seed\": %d}"
                .formatted(content, style, STEPS, seed));
    assertThat(accepted.status()).as(accepted.body()).isEqualTo(202);
    assertThat(accepted.json().get("state").asString()).isEqualTo("QUEUED");
    return accepted.header("Location");
  }

  private static String id(String location) {
    return location.substring(location.lastIndexOf('/') + 1);
  }

  /** Follows a decomposition to its end, by its stream and by polling, and reads its artifact. */
  private static Concept finished(Caller alice, String path, String word) {
    List<Event> events = alice.events(path, null);
    assertThat(events.stream().map(Event::name))
        .startsWith("queued", "started")
        .contains("progress")
        .endsWith("succeeded");
    JsonNode done = alice.until(path, "SUCCEEDED");
    assertThat(done.get("progress").get("step").asInt()).isEqualTo(STEPS);
    byte[] file = alice.bytes(done.get("links").get("artifact").asString());
    assertThat(file).hasSize(done.get("result").get("artifactBytes").asInt());
    Concept concept = ConceptFile.read(file);
    assertThat(concept.metadata().options().contentWord()).isEqualTo(word);
    assertThat(concept.metadata().losses()).hasSize(STEPS).allSatisfy(loss -> finite(loss));
    return concept;
  }

  private static void finite(double loss) {
    assertThat(loss).isFinite().isPositive();
  }

  /** A generation that was answered with its pictures, and those pictures. */
  private static final class Made {

    private final JsonNode answer;
    private final List<byte[]> files;

    Made(Caller alice, int side, String request) {
      Reply reply = alice.generate(request, "Prefer", "wait=60");
      assertThat(reply.status()).as(reply.body()).isEqualTo(201);
      this.answer = reply.json();
      assertThat(answer.get("state").asString()).isEqualTo("SUCCEEDED");
      assertThat(answer.get("seed").asLong()).isEqualTo(11);
      this.files =
          answer
              .get("images")
              .valueStream()
              .map(image -> alice.bytes(image.get("href").asString()))
              .toList();
      for (byte[] file : files) {
        BufferedImage picture = PngFile.decode(file);
        assertThat(picture.getWidth()).isEqualTo(side);
        assertThat(picture.getHeight()).isEqualTo(side);
      }
      carries("Diptych-Seed", "11");
      carries("Diptych-Prompt", answer.get("prompt").asString());
      carries("Diptych-Job", answer.get("id").asString());
      carries("Diptych-Model-SHA256", answer.get("backboneDigest").asString());
    }

    Made carries(String keyword, String value) {
      assertThat(files)
          .isNotEmpty()
          .allSatisfy(file -> assertThat(PngFile.text(file)).containsEntry(keyword, value));
      return this;
    }

    void lacks(String keyword) {
      assertThat(files)
          .map(PngFile::text)
          .allSatisfy((Map<String, String> text) -> assertThat(text).doesNotContainKey(keyword));
    }

    int batchSize() {
      return answer.get("determinism").get("batchSize").asInt();
    }

    /** The pixels of each picture, as they decode. */
    List<List<Integer>> pixels() {
      return files.stream().map(PngFile::decode).map(Made::pixels).toList();
    }

    private static List<Integer> pixels(BufferedImage picture) {
      int width = picture.getWidth();
      int height = picture.getHeight();
      return Arrays.stream(picture.getRGB(0, 0, width, height, null, 0, width)).boxed().toList();
    }
  }
}
