package io.diptych.engine.backbone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.engine.CheckedRequest;
import io.diptych.engine.Concept;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.DecompositionOptions.Memory;
import io.diptych.engine.EngineException;
import io.diptych.engine.GenerationRequest;
import io.diptych.engine.RunControl;
import io.diptych.engine.RunStoppedException;
import io.diptych.engine.Sampling;
import io.diptych.engine.TestModels;
import io.diptych.engine.csd.ConceptFile;
import io.diptych.engine.program.LiveArrays;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SwittiBackboneTest {

  private static final BufferedImage PICTURE = TestModels.picture(80);
  private static final Sampling SAMPLING =
      new Sampling(3, 0, Sampling.OFF, 20, 0.95, Sampling.OFF, 1, false);

  private static SwittiBackbone backbone;
  private static SwittiBackbone nonCausal;
  private static Concept fox;
  private static Concept boat;

  @BeforeAll
  static void load(@TempDir Path folder) {
    backbone = TestModels.TINY.load(folder.resolve("causal"));
    nonCausal = TestModels.TINY_NON_CAUSAL.load(folder.resolve("other"));
    fox = learn("fox", "watercolor", new Memory(List.of(0), 1));
    boat = learn("boat", "woodcut print", new Memory(List.of(0, 1), 2));
  }

  @AfterAll
  static void close() {
    backbone.close();
    nonCausal.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aPictureOfABatchIsThePictureThatItsRequestGivesAlone(boolean causal) {
    SwittiBackbone model = causal ? backbone : nonCausal;
    List<GenerationRequest> batch = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Concept content = causal && i % 3 == 0 ? fox : null;
      Concept style = causal && i % 2 == 0 ? boat : null;
      String prompt =
          (content == null ? "a castle far away" : "a {content}")
              + (style == null ? "" : " in {style} style");
      Sampling sampling = SAMPLING.withGuidanceScale(i); // the first row is not guided at all
      batch.add(new GenerationRequest(prompt, content, style, 40 + i / 4, i % 4, sampling));
    }
    List<BufferedImage> together = model.generate(batch);
    for (int i = 0; i < 8; i++) {
      List<BufferedImage> alone = model.generate(List.of(batch.get(i)));
      assertThat(pixels(together.get(i))).as("picture %d", i).isEqualTo(pixels(alone.get(0)));
    }
    assertThat(pixels(together.get(0))).isNotEqualTo(pixels(together.get(1)));
  }

  @Test
  void aRowWithoutGuidanceIsThePictureItGivesAloneAlsoAfterTheWindowOfOthers() {
    Sampling guided = new Sampling(4, 0, 2, 20, 0.95, 1, 0.5, false);
    List<GenerationRequest> batch =
        List.of(
            new GenerationRequest("a castle", null, null, 5, 0, guided.withGuidanceScale(0)),
            new GenerationRequest("a castle", null, null, 6, 0, guided));
    List<BufferedImage> together = backbone.generate(batch);
    for (int i = 0; i < 2; i++) {
      assertThat(pixels(together.get(i)))
          .as("picture %d", i)
          .isEqualTo(pixels(backbone.generate(List.of(batch.get(i))).get(0)));
    }
  }

  @Test
  void everyCombinationOfConceptsGeneratesAndSeedsDecide() {
    List<GenerationRequest> requests =
        List.of(
            request("a {content} on the beach", fox, null, 1),
            request("a castle in {style} style", null, fox, 1),
            request("a {content} in {style} style", fox, fox, 1),
            request("a {content} in {style} style", fox, boat, 1), // a mix of two pictures
            request("a {content} in {style} style", fox, boat, 2));
    List<BufferedImage> pictures = backbone.generate(requests);
    for (int i = 0; i < pictures.size(); i++) {
      assertThat(pictures.get(i).getWidth()).isEqualTo(40);
      for (int j = 0; j < i; j++) {
        assertThat(pixels(pictures.get(i)))
            .as("%d and %d", i, j)
            .isNotEqualTo(pixels(pictures.get(j)));
      }
    }
    assertThat(pixels(backbone.generate(requests).get(3))).isEqualTo(pixels(pictures.get(3)));
  }

  @Test
  void aGenerationThatNobodyWantsAnyMoreEndsInItsScaleAndLeavesNothing() {
    List<CheckedRequest> requests = List.of(backbone.check(request("a {content}", fox, null, 1)));
    backbone.generate(requests, () -> false);
    long before = LiveArrays.count(backbone.manager());
    AtomicInteger asked = new AtomicInteger();

    assertThatThrownBy(() -> backbone.generate(requests, () -> asked.incrementAndGet() == 3))
        .isInstanceOfSatisfying(
            RunStoppedException.class, stopped -> assertThat(stopped.step()).isEqualTo(3));

    assertThat(asked).hasValue(3);
    assertThat(LiveArrays.count(backbone.manager())).isEqualTo(before);
    asked.set(10);
    backbone.generate(requests, () -> asked.incrementAndGet() < 0);
    assertThat(asked.get() - 10).as("questions, one per scale").isEqualTo(5);
    assertThat(LiveArrays.count(backbone.manager())).as("after a whole one").isEqualTo(before);
  }

  @Test
  void everyWayOfSamplingWorks() {
    for (Sampling sampling :
        List.of(
            new Sampling(4, 0, 3, 0, 0, Sampling.OFF, 0.5, false),
            new Sampling(4, 2, 4, 0, 0, 1, 0.1, false),
            new Sampling(0, 0, Sampling.OFF, 0, 0, 0, 1, false),
            new Sampling(4, 0, Sampling.OFF, 0, 0, Sampling.OFF, 1, true))) {
      for (SwittiBackbone model : List.of(backbone, nonCausal)) {
        GenerationRequest request =
            new GenerationRequest("a small boat", null, null, 3, 0, sampling);
        assertThat(pixels(model.generate(List.of(request)).get(0)))
            .isEqualTo(pixels(model.generate(List.of(request)).get(0)));
      }
    }
  }

  @Test
  void twoRunsAndAGenerationAtTheSameTimeGiveWhatTheyGiveOneAfterAnother() throws Exception {
    Callable<byte[]> first = () -> ConceptFile.write(run("fox", 11));
    Callable<byte[]> second = () -> ConceptFile.write(run("boat", 12));
    Callable<List<String>> third =
        () -> {
          List<String> all = new ArrayList<>();
          for (int i = 0; i < 12; i++) {
            backbone
                .generate(List.of(request("a {content} in {style} style", fox, boat, i)))
                .forEach(picture -> all.add(pixels(picture)));
          }
          return all;
        };
    byte[] firstAlone = first.call();
    byte[] secondAlone = second.call();
    List<String> thirdAlone = third.call();
    ExecutorService lanes = Executors.newFixedThreadPool(3);
    try {
      Future<byte[]> firstTogether = lanes.submit(first);
      Future<byte[]> secondTogether = lanes.submit(second);
      Future<List<String>> thirdTogether = lanes.submit(third);
      assertThat(firstTogether.get()).isEqualTo(firstAlone);
      assertThat(secondTogether.get()).isEqualTo(secondAlone);
      for (int i = 0; i < thirdAlone.size(); i++) {
        assertThat(thirdTogether.get().get(i)).isEqualTo(thirdAlone.get(i));
      }
    } finally {
      lanes.shutdownNow();
    }
  }

  @Test
  void aConceptOfAnotherModelIsRefused() {
    assertThatThrownBy(() -> nonCausal.check(request("a {content} on the beach", fox, null, 1)))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INCOMPATIBLE_CONCEPT))
        .hasMessageContaining("Decompose the picture again");
  }

  @Test
  void aRequestThatAnotherModelHasCheckedIsNotGenerated() {
    CheckedRequest checked = nonCausal.check(request("a castle", null, null, 1));

    assertThatThrownBy(() -> backbone.generate(List.of(checked), () -> false))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void oneCheckServesEveryImageOfASeed() {
    GenerationRequest third = request("a {content}", fox, null, 1).ofImage(2);
    CheckedRequest first = backbone.check(request("a {content}", fox, null, 1));

    assertThat(pixels(backbone.generate(List.of(first.ofImage(2)), () -> false).get(0)))
        .isEqualTo(pixels(backbone.generate(List.of(third)).get(0)))
        .isNotEqualTo(pixels(backbone.generate(List.of(first), () -> false).get(0)));
  }

  @Test
  void aConceptWithHolesIsRefusedBeforeItIsUsed() {
    for (String part : fox.tensors().keySet()) {
      SortedMap<String, Concept.Tensor> tensors = new TreeMap<>(fox.tensors());
      tensors.remove(part);
      Concept holed = ConceptFile.read(ConceptFile.write(new Concept(fox.metadata(), tensors)));
      GenerationRequest request = request("a {content} in {style} style", fox, holed, 1);
      assertThatThrownBy(() -> backbone.generate(List.of(request)))
          .isInstanceOfSatisfying(
              EngineException.class,
              e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INCOMPATIBLE_CONCEPT))
          .hasMessageContaining(part + " is missing");
    }
  }

  @Test
  void aConceptWhoseMemoryIsWiderThanTheModelIsRefused() {
    SortedMap<String, Concept.Tensor> tensors = new TreeMap<>(fox.tensors());
    tensors.put("style.memory.0.v", new Concept.Tensor(new long[] {1, 128}, new float[128]));
    Concept wide = new Concept(fox.metadata(), tensors);
    assertThatThrownBy(() -> backbone.check(request("in {style} style", null, wide, 1)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("style.memory.0.v has the shape [1, 128] instead of [1, 64]");
  }

  @Test
  void badRequestsAreRefusedWithWords() {
    assertThatThrownBy(() -> backbone.check(request("a {content}", null, null, 1)))
        .hasMessageContaining("no content is given");
    assertThatThrownBy(() -> backbone.check(request("a castle", fox, null, 1)))
        .hasMessageContaining("no slot {content}");
    assertThatThrownBy(() -> backbone.check(request("castle ".repeat(200), null, null, 1)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("128");
    Sampling wrong = new Sampling(-1, 9, 2, -5, 2, -1, 0, false);
    assertThatThrownBy(
            () -> backbone.check(new GenerationRequest("a castle", null, null, 1, 0, wrong)))
        .hasMessageContaining("guidance.scale")
        .hasMessageContaining("topP")
        .hasMessageContaining("lastScaleTemperature");
  }

  @Test
  void aNonCausalModelLearnsToo() {
    DecompositionOptions options = steps(DecompositionOptions.of("fox", "watercolor", 5), 30);
    List<Double> losses =
        nonCausal.decompose(PICTURE, options, RunControl.none()).metadata().losses();
    double early = losses.subList(0, 6).stream().mapToDouble(d -> d).average().orElseThrow();
    double late = losses.subList(24, 30).stream().mapToDouble(d -> d).average().orElseThrow();
    assertThat(late).isLessThan(early);
  }

  private static Concept run(String word, long seed) {
    DecompositionOptions options = steps(DecompositionOptions.of(word, "watercolor", seed), 20);
    return backbone.decompose(PICTURE, options, RunControl.none());
  }

  private static Concept learn(String content, String style, Memory memory) {
    DecompositionOptions o = steps(DecompositionOptions.of(content, style, 1), 6);
    return backbone.decompose(PICTURE, o.toBuilder().memory(memory).build(), RunControl.none());
  }

  private static DecompositionOptions steps(DecompositionOptions o, int steps) {
    return o.toBuilder().stepsToTheEnd(steps).build();
  }

  private static GenerationRequest request(
      String prompt, @Nullable Concept content, @Nullable Concept style, long seed) {
    return new GenerationRequest(prompt, content, style, seed, 0, SAMPLING);
  }

  /** A digest of the pixels, so that a difference does not print thousands of numbers. */
  private static String pixels(BufferedImage image) {
    int side = image.getWidth();
    int[] pixels = image.getRGB(0, 0, side, side, null, 0, side);
    assertThat(Arrays.stream(pixels).distinct().count()).isGreaterThan(1);
    CRC32 crc = new CRC32();
    for (int pixel : pixels) {
      crc.update(ByteBuffer.allocate(Integer.BYTES).putInt(pixel).flip());
    }
    return Long.toHexString(crc.getValue());
  }
}
