package io.diptych.pretrain;

import io.diptych.engine.BackboneInfo;
import io.diptych.evaluation.Judge;
import io.diptych.pretrain.data.Dataset;
import io.diptych.pretrain.data.Split;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code pretrain report}: what the shipped model can do, in figures and pictures. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description =
        "Measures the shipped model and judges; writes a page, figures and sample sheets.")
final class ReportCommand implements Callable<Integer> {

  private static final int SHEET = 24;
  private static final int COLUMNS = 8;

  /** Finding words is fast, so that more pictures can be asked for. */
  private static final int WORDS_PER_DECOMPOSITION = 2;

  private static final int DECOMPOSED_ROWS = 8;
  private static final int TIMED_STEPS = 150;
  private static final List<String> SHOWN =
      List.of(
          "a fox in flat vector style",
          "an apple in watercolor style",
          "a castle in neon glow style",
          "a cat in pixel art style",
          "a rocket in space, in glossy 3d style",
          "a tree in stained glass style",
          "a car in blueprint style",
          "a robot in crayon style");

  @Option(names = "--data", required = true, paramLabel = "DIR", description = "The data set.")
  private Path data = Path.of("data");

  @Option(
      names = "--model",
      defaultValue = "classpath:/models/pocket/",
      description = "The backbone (${DEFAULT-VALUE}).")
  private String model = "classpath:/models/pocket/";

  @Option(
      names = "--judges",
      defaultValue = Judge.SHIPPED,
      description = "The judges (${DEFAULT-VALUE}).")
  private String judges = Judge.SHIPPED;

  @Option(
      names = "--run",
      paramLabel = "DIR",
      description = "The transformer's run, for its losses over time.")
  private @Nullable Path run;

  @Option(
      names = "--out",
      defaultValue = "docs",
      description = "Where to write (${DEFAULT-VALUE}).")
  private Path out = Path.of("docs");

  @Option(
      names = "--prompts",
      defaultValue = "1000",
      description = "Pictures to generate, half of them of held-out pairs (${DEFAULT-VALUE}).")
  private int prompts = 1000;

  @Option(
      names = "--pictures",
      defaultValue = "512",
      description = "Real pictures of each split to reconstruct and judge (${DEFAULT-VALUE}).")
  private int pictures = 512;

  @Option(
      names = "--decompositions",
      defaultValue = "24",
      description = "Pictures of held-out pairs to decompose (${DEFAULT-VALUE}).")
  private int decompositions = 24;

  @Option(names = "--device", defaultValue = "cpu", description = "Where to compute.")
  private String device = "cpu";

  private final StringBuilder page = new StringBuilder();
  private final ObjectNode figures = RunSettings.JSON.createObjectNode();

  @Override
  public Integer call() throws IOException {
    try (PocketMeasurements measurements = PocketMeasurements.of(model, device)) {
      BackboneInfo info = measurements.backbone().info();
      Pictures.requireSize(Dataset.open(data, Split.VALIDATION), info.resolution());
      line("# Figures of the %s backbone", info.name());
      line("");
      line(
          "Written by `pretrain report`; do not edit. %d px, scales %s, %,d parameters with its"
              + " text encoder, digest %.12s, device %s, %d processors.",
          info.resolution(),
          info.scales(),
          info.parameters(),
          info.digest(),
          info.device(),
          Runtime.getRuntime().availableProcessors());
      speed(measurements);
      reconstruction(measurements);
      judged(measurements);
      decomposed(measurements);
      guidance(measurements);
      losses(measurements, info.scales());
    }
    Files.createDirectories(out);
    Files.writeString(out.resolve("pocket-figures.md"), page);
    Files.writeString(
        out.resolve("pocket-figures.json"),
        RunSettings.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(figures) + "\n");
    System.out.println("Wrote " + out.resolve("pocket-figures.md"));
    return 0;
  }

  private void speed(PocketMeasurements measurements) {
    PocketMeasurements.Speed speed = measurements.speed(TIMED_STEPS);
    section("Speed");
    row("figure", "measured");
    row("---", "---");
    figure("loadSeconds", "load of the model, s", speed.load());
    figure("imageSeconds", "one picture, s (median)", speed.image());
    figure("steps150Seconds", "150 optimisation steps, s", speed.steps150());
    speed
        .residentMebibytes()
        .ifPresent(
            mebibytes ->
                figure("residentMebibytes", "most memory of this process, MiB", mebibytes));
  }

  private void reconstruction(PocketMeasurements measurements) throws IOException {
    section("Reconstruction");
    line("Mean of the pictures' PSNR, and PSNR of their mean squared error.");
    line("");
    row("split", "pictures", "PSNR, dB", "of the mean error, dB", "codes used");
    row("---", "---", "---", "---", "---");
    for (Split split : Split.values()) {
      if (split == Split.TRAIN) {
        continue;
      }
      Dataset dataset = Dataset.open(data, split);
      int count = Math.min(pictures, dataset.size());
      PocketMeasurements.Copies copies = measurements.reconstruct(dataset, count);
      row(
          split.id(),
          Integer.toString(count),
          format(copies.psnr()),
          format(copies.psnrOfMeanError()),
          percent(copies.codesUsed()));
      figures
          .withObject("/reconstruction/" + split.id())
          .put("psnr", TrainingRun.rounded(copies.psnr()))
          .put("psnrOfMeanError", TrainingRun.rounded(copies.psnrOfMeanError()))
          .put("codesUsed", TrainingRun.rounded(copies.codesUsed()));
    }
    sheet(
        measurements.reconstructions(
            Dataset.open(data, Split.VALIDATION), COLUMNS, SHEET / COLUMNS),
        "reconstruction",
        "Originals above, reconstructions below them:");
  }

  private void judged(PocketMeasurements measurements) throws IOException {
    section("Text to image");
    line("Share of pictures whose thing is among the content judge's best five answers, and whose");
    line(
        "style is the style judge's best answer. Real pictures are those of the same prompts, copies");
    line("their reconstructions from their own tokens.");
    line("");
    row(
        "split",
        "pictures",
        "thing: real",
        "copied",
        "generated",
        "style: real",
        "copied",
        "generated");
    row("---", "---", "---", "---", "---", "---", "---", "---");
    List<PocketMeasurements.Judged> results = new ArrayList<>();
    List<Split> splits = List.of(Split.VALIDATION, Split.HELDOUT_PAIRS);
    for (Split split : splits) {
      PocketMeasurements.Judged judged =
          measurements.judge(Dataset.open(data, split), prompts / splits.size(), judges);
      results.add(judged);
      row(
          split.id(),
          Integer.toString(judged.pictures().size()),
          percent(judged.real().content()),
          percent(judged.copied().content()),
          percent(judged.generated().content()),
          percent(judged.real().style()),
          percent(judged.copied().style()),
          percent(judged.generated().style()));
      figures
          .withObject("/textToImage/" + split.id())
          .put("contentTop5Real", TrainingRun.rounded(judged.real().content()))
          .put("contentTop5Copied", TrainingRun.rounded(judged.copied().content()))
          .put("contentTop5", TrainingRun.rounded(judged.generated().content()))
          .put("styleTop1Real", TrainingRun.rounded(judged.real().style()))
          .put("styleTop1Copied", TrainingRun.rounded(judged.copied().style()))
          .put("styleTop1", TrainingRun.rounded(judged.generated().style()));
    }
    for (int i = 0; i < results.size(); i++) {
      PocketMeasurements.Judged judged = results.get(i);
      int shown = Math.min(SHEET, judged.pictures().size());
      sheet(
          Pictures.sheet(judged.pictures().subList(0, shown), COLUMNS),
          splits.get(i).id(),
          "First prompts of " + splits.get(i).id() + ", row by row:");
      line("");
      judged.captions().subList(0, shown).forEach(caption -> line("- %s", caption));
    }
  }

  private void decomposed(PocketMeasurements measurements) throws IOException {
    Dataset dataset = Dataset.open(data, Split.HELDOUT_PAIRS);
    int asked = Math.min(WORDS_PER_DECOMPOSITION * decompositions, dataset.size());
    PocketMeasurements.Score words = measurements.words(dataset, asked);
    PocketMeasurements.Decomposed decomposed =
        measurements.decompose(dataset, decompositions, judges);
    int columns = 1 + PocketMeasurements.SETTINGS.size() + PocketMeasurements.SUBJECTS.size();
    int count = decomposed.sheet().size() / columns;
    section("Decomposition");
    line(
        "%d pictures of held-out pairs, decomposed by the model's own settings. No words are given:",
        count);
    line(
        "the model finds the right one of its words for the thing in %s of %d pictures, for the",
        percent(words.content()), asked);
    line(
        "style in %s. Named: the same prompts with the right words in place of what was learned,",
        percent(words.style()));
    line("which is what the text model can do by itself.");
    line("");
    row("share of pictures", "learned", "named");
    row("---", "---", "---");
    row(
        "thing among the judge's best five, in new settings",
        percent(decomposed.learned().content()),
        percent(decomposed.named().content()));
    row(
        "style is the judge's best, on new subjects",
        percent(decomposed.learned().style()),
        percent(decomposed.named().style()));
    row("new subject among the judge's best five", percent(decomposed.subject()), "");
    figures
        .putObject("decomposition")
        .put("pictures", count)
        .put("contentWordRight", TrainingRun.rounded(words.content()))
        .put("styleWordRight", TrainingRun.rounded(words.style()))
        .put("contentTop5", TrainingRun.rounded(decomposed.learned().content()))
        .put("contentTop5Named", TrainingRun.rounded(decomposed.named().content()))
        .put("styleTop1", TrainingRun.rounded(decomposed.learned().style()))
        .put("styleTop1Named", TrainingRun.rounded(decomposed.named().style()))
        .put("subjectTop5", TrainingRun.rounded(decomposed.subject()));
    sheet(
        Pictures.sheet(
            decomposed.sheet().subList(0, columns * Math.min(DECOMPOSED_ROWS, count)), columns),
        "decomposition",
        "Row by row a picture, its content in new settings ("
            + String.join("; ", PocketMeasurements.SETTINGS).replace("%s", "...")
            + "), and new subjects in its style ("
            + String.join("; ", PocketMeasurements.SUBJECTS)
            + "):");
  }

  private void guidance(PocketMeasurements measurements) throws IOException {
    List<BufferedImage> rows = new ArrayList<>();
    for (double scale : new double[] {1, 3, 6}) {
      rows.addAll(measurements.generate(SHOWN, 0, scale));
    }
    section("Guidance");
    sheet(
        Pictures.sheet(rows, SHOWN.size()),
        "guidance",
        "Guidance scale 1, 3 and 6 from top to bottom: " + String.join("; ", SHOWN) + ".");
  }

  private void losses(PocketMeasurements measurements, List<Integer> scales) throws IOException {
    section("Loss per scale");
    line("Mean cross-entropy of each scale's tokens, in nats; chance is the logarithm of the");
    line("codebook's size.");
    line("");
    List<String> head = new ArrayList<>(List.of("step"));
    scales.forEach(side -> head.add(side + "x" + side));
    row(head.toArray(String[]::new));
    row(head.stream().map(name -> "---").toArray(String[]::new));
    if (run != null) {
      for (String text : Files.readAllLines(run.resolve("log.jsonl"))) {
        JsonNode line = RunSettings.JSON.readTree(text);
        if (line.path("split").asString("").equals(Split.VALIDATION.id())) {
          ObjectNode entry = figures.withArray("/crossEntropyInTraining").addObject();
          entry.put("step", line.path("step").asInt());
          for (int scale = 0; scale < scales.size(); scale++) {
            entry.set("scale" + scale, line.path("scale" + scale));
          }
          lossRow(line.path("step").asString(), line, scales.size());
        }
      }
    }
    Dataset dataset = Dataset.open(data, Split.VALIDATION);
    double[] means = measurements.crossEntropy(dataset, Math.min(pictures, dataset.size()));
    ObjectNode shipped = figures.putObject("crossEntropy");
    for (int scale = 0; scale < means.length; scale++) {
      shipped.put("scale" + scale, TrainingRun.rounded(means[scale]));
    }
    lossRow("shipped", shipped, scales.size());
  }

  private void lossRow(String step, JsonNode line, int scales) {
    List<String> cells = new ArrayList<>(List.of(step));
    for (int scale = 0; scale < scales; scale++) {
      cells.add(format(line.path("scale" + scale).asDouble()));
    }
    row(cells.toArray(String[]::new));
  }

  private void sheet(BufferedImage sheet, String name, String words) throws IOException {
    String file = "pocket-" + name + ".png";
    Pictures.write(sheet, out.resolve("images").resolve(file));
    line("");
    line("%s", words);
    line("");
    line("![%s](images/%s)", name, file);
  }

  private void section(String title) {
    line("");
    line("## %s", title);
    line("");
  }

  private void figure(String name, String words, double value) {
    figures.put(name, TrainingRun.rounded(value));
    row(words, format(value));
  }

  private void row(String... cells) {
    line("| %s |", String.join(" | ", cells));
  }

  private void line(String format, Object... arguments) {
    page.append(arguments.length == 0 ? format : String.format(Locale.ROOT, format, arguments))
        .append('\n');
  }

  private static String format(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
