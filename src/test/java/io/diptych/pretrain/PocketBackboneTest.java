package io.diptych.pretrain;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.ChildJvm;
import io.diptych.evaluation.Judge;
import io.diptych.pretrain.data.Dataset;
import io.diptych.pretrain.data.Split;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/**
 * The shipped model and judges still do what docs/pocket-figures.json says of them. The report
 * looks at many pictures; this test at the first {@value #PICTURES} of each split, which lie beside
 * it, so every figure has a margin.
 */
class PocketBackboneTest {

  private static final int PICTURES = 64;

  /** Mean PSNR of 64 pictures: one standard error is 0.4 dB. */
  private static final double PSNR_MARGIN = 0.8;

  /** Shares may be this many standard errors lower; those of 40 to 60 pictures are 4 to 8 %. */
  private static final double STANDARD_ERRORS = 3;

  private static final double NATS_MARGIN = 0.3;

  private static PocketMeasurements measurements;
  private static JsonNode figures;

  @BeforeAll
  static void load() {
    measurements = PocketMeasurements.of("classpath:/models/pocket/", "cpu");
    figures = RunSettings.JSON.readTree(Path.of("docs", "pocket-figures.json").toFile());
  }

  @AfterAll
  static void close() {
    measurements.close();
  }

  private static Dataset excerpt(Split split) {
    return Dataset.open(Path.of("src", "test", "resources", "pretrain", "excerpt"), split);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "TRAIN")
  void reconstructsHeldOutPicturesAsReported(Split split) {
    PocketMeasurements.Copies copies = measurements.reconstruct(excerpt(split), PICTURES);
    double reported = figures.path("reconstruction").path(split.id()).path("psnr").asDouble();
    System.out.printf(
        "pocket: %s: %.2f dB on %d pictures, %.2f dB in the report%n",
        split.id(), copies.psnr(), PICTURES, reported);
    assertThat(copies.psnr()).isGreaterThan(reported - PSNR_MARGIN);
    if (split == Split.VALIDATION) {
      assertThat(reported).as("PSNR asked for at 64 px").isGreaterThanOrEqualTo(22);
    }
  }

  @Test
  void theCodebookIsInUse() {
    PocketMeasurements.Copies copies =
        measurements.reconstruct(excerpt(Split.VALIDATION), PICTURES);
    double reported =
        figures.path("reconstruction").path(Split.VALIDATION.id()).path("codesUsed").asDouble();
    System.out.printf(
        "pocket: %d pictures use %.1f %% of the codes, those of the report %.1f %%%n",
        PICTURES, 100 * copies.codesUsed(), 100 * reported);
    assertThat(reported).isGreaterThanOrEqualTo(0.9);
    assertThat(copies.codesUsed()).isGreaterThan(0.6); // 9,920 tokens of an uneven distribution
  }

  @ParameterizedTest
  @EnumSource(names = {"VALIDATION", "HELDOUT_PAIRS"})
  void drawsThingAndStyleOfTheTextAsReported(Split split) {
    PocketMeasurements.Judged judged = measurements.judge(excerpt(split), PICTURES, Judge.SHIPPED);
    JsonNode reported = figures.path("textToImage").path(split.id());
    System.out.printf(
        "pocket: %s, %d prompts: thing %.0f %% (real pictures %.0f %%), style %.0f %% (%.0f %%)%n",
        split.id(),
        judged.pictures().size(),
        100 * judged.generated().content(),
        100 * judged.real().content(),
        100 * judged.generated().style(),
        100 * judged.real().style());
    int count = judged.pictures().size();
    assertThat(judged.real().content()).isGreaterThan(least(reported, "contentTop5Real", count));
    assertThat(judged.real().style()).isGreaterThan(least(reported, "styleTop1Real", count));
    assertThat(judged.generated().content()).isGreaterThan(least(reported, "contentTop5", count));
    assertThat(judged.generated().style()).isGreaterThan(least(reported, "styleTop1", count));
  }

  @Test
  void findsWordsForPicturesAsReported() {
    int count = 16;
    PocketMeasurements.Score right = measurements.words(excerpt(Split.HELDOUT_PAIRS), count);
    JsonNode reported = figures.path("decomposition");
    System.out.printf(
        "pocket: right words for %.0f %% of %d things (reported %.0f %%), %.0f %% of styles (%.0f %%)%n",
        100 * right.content(),
        count,
        100 * reported.path("contentWordRight").asDouble(),
        100 * right.style(),
        100 * reported.path("styleWordRight").asDouble());
    assertThat(right.content()).isGreaterThan(least(reported, "contentWordRight", count));
    assertThat(right.style()).isGreaterThan(least(reported, "styleWordRight", count));
  }

  /** Of so few pictures the share of styles says nothing; it is printed only. */
  @Test
  void decompositionsKeepSubjectsAsReported() {
    int pictures = 4;
    PocketMeasurements.Decomposed decomposed =
        measurements.decompose(excerpt(Split.HELDOUT_PAIRS), pictures, Judge.SHIPPED);
    JsonNode reported = figures.path("decomposition");
    System.out.printf(
        "pocket: %d decompositions without words: thing kept in %.0f %% (reported %.0f %%), style in"
            + " %.0f %% (%.0f %%), new subjects in %.0f %% (%.0f %%) of pictures%n",
        pictures,
        100 * decomposed.learned().content(),
        100 * reported.path("contentTop5").asDouble(),
        100 * decomposed.learned().style(),
        100 * reported.path("styleTop1").asDouble(),
        100 * decomposed.subject(),
        100 * reported.path("subjectTop5").asDouble());
    int count = pictures * PocketMeasurements.SETTINGS.size();
    assertThat(decomposed.learned().content()).isGreaterThan(least(reported, "contentTop5", count));
    assertThat(decomposed.subject()).isGreaterThan(least(reported, "subjectTop5", count));
  }

  private static double least(JsonNode reported, String share, int count) {
    double p = reported.path(share).asDouble();
    return p - STANDARD_ERRORS * Math.sqrt(p * (1 - p) / count);
  }

  @Test
  void theLossOfEveryScaleIsAsReportedAndFellWithTraining() {
    double[] means = measurements.crossEntropy(excerpt(Split.VALIDATION), PICTURES);
    JsonNode training = figures.path("crossEntropyInTraining");
    for (int scale = 0; scale < means.length; scale++) {
      String name = "scale" + scale;
      assertThat(means[scale])
          .as(name)
          .isLessThan(figures.path("crossEntropy").path(name).asDouble() + NATS_MARGIN);
      assertThat(training.path(training.size() - 1).path(name).asDouble())
          .as("%s at the end of training", name)
          .isLessThan(training.path(0).path(name).asDouble());
    }
  }

  /** Limits for an idle machine of 2 cores, doubled: the machine that runs tests is seldom idle. */
  @Test
  void isFastAndSmallEnoughForALaptop() throws IOException {
    try (ChildJvm child = ChildJvm.start(SpeedOfAFreshJvm.class, List.of("-Xmx512m"))) {
      JsonNode speed = RunSettings.JSON.readTree(child.awaitLine("speed ", Duration.ofMinutes(8)));
      System.out.printf(
          "pocket: load %.1f s (limit 3), a picture %.2f s (limit 1), 150 steps %.0f s (limit 90),"
              + " memory %d MiB (limit 1536)%n",
          speed.path("load").asDouble(),
          speed.path("image").asDouble(),
          speed.path("steps150").asDouble(),
          speed.path("residentMebibytes").asLong());
      assertThat(speed.path("load").asDouble()).isLessThan(2 * 3);
      assertThat(speed.path("image").asDouble()).isLessThan(2 * 1);
      assertThat(speed.path("steps150").asDouble()).isLessThan(2 * 90);
      assertThat(speed.path("residentMebibytes").asLong()).isLessThan(1536);
    }
  }

  /** Measures in a process that does nothing else. */
  static final class SpeedOfAFreshJvm {

    private SpeedOfAFreshJvm() {}

    public static void main(String[] arguments) {
      try (PocketMeasurements fresh = PocketMeasurements.of("classpath:/models/pocket/", "cpu")) {
        PocketMeasurements.Speed speed = fresh.speed(20);
        System.out.println(
            "speed "
                + RunSettings.JSON
                    .createObjectNode()
                    .put("load", speed.load())
                    .put("image", speed.image())
                    .put("steps150", speed.steps150())
                    .put("residentMebibytes", speed.residentMebibytes().orElse(0)));
      }
    }
  }
}
