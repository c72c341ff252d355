package io.diptych.pretrain;

import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.GenerationRequest;
import io.diptych.engine.RunControl;
import io.diptych.engine.Sampling;
import io.diptych.engine.backbone.SwittiBackbone;
import io.diptych.engine.csd.WordNetSubConcepts;
import io.diptych.engine.training.CaptionEncoder;
import io.diptych.engine.training.FinishedModel;
import io.diptych.engine.training.Reconstruction;
import io.diptych.engine.weights.ModelSource;
import io.diptych.evaluation.Judge;
import io.diptych.pretrain.data.Dataset;
import io.diptych.pretrain.data.Split;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
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

  private static final int AT_ONCE = 16;
  private static final int SHEET = 24;
  private static final int COLUMNS = 8;
  private static final int TIMED = 20;
  private static final int BEST = 5;

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

  @Option(names = "--guidance", description = "Guidance scale; the model's own when left out.")
  private @Nullable Double guidance;

  @Option(names = "--device", defaultValue = "cpu", description = "Where to compute.")
  private String device = "cpu";

  private final StringBuilder page = new StringBuilder();
  private final ObjectNode figures = RunSettings.JSON.createObjectNode();

  @Override
  public Integer call() throws IOException {
    long start = System.nanoTime();
    ModelSource source =
        ModelSource.open(
            model,
            ModelSource.Settings.offline(
                Path.of(System.getProperty("user.home"), ".cache", "diptych")));
    try (SwittiBackbone backbone = SwittiBackbone.load(source, device, new WordNetSubConcepts())) {
      double loadSeconds = seconds(start);
      line("# Figures of the %s backbone", backbone.info().name());
      line("");
      line(
          "Written by `pretrain report`; do not edit. %d px, scales %s, %,d parameters with its"
              + " text encoder, digest %.12s, device %s, %d processors.",
          backbone.info().resolution(),
          backbone.info().scales(),
          backbone.info().parameters(),
          backbone.info().digest(),
          backbone.info().device(),
          Runtime.getRuntime().availableProcessors());
      speed(backbone, loadSeconds);
      reconstruction(source);
      judged(backbone);
      guidanceSheets(backbone);
      losses(source);
    }
    Files.createDirectories(out);
    Files.writeString(out.resolve("pocket-figures.md"), page);
    Files.writeString(
        out.resolve("pocket-figures.json"),
        RunSettings.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(figures) + "\n");
    System.out.println("Wrote " + out.resolve("pocket-figures.md"));
    return 0;
  }

  private void speed(SwittiBackbone backbone, double loadSeconds) {
    List<Double> times = new ArrayList<>();
    for (int i = 0; i < TIMED + 3; i++) {
      long start = System.nanoTime();
      backbone.generate(List.of(request(backbone, "a fox in flat vector style", i)));
      if (i >= 3) { // after warm-up
        times.add(seconds(start));
      }
    }
    times.sort(null);
    DecompositionOptions options = backbone.defaultOptions("fox", "flat vector", 1);
    BufferedImage picture =
        backbone.generate(List.of(request(backbone, "a fox in flat vector style", 0))).get(0);
    long start = System.nanoTime();
    backbone.decompose(picture, options, RunControl.none());
    double stepSeconds = seconds(start) / options.steps();
    section("Speed");
    row("figure", "measured");
    row("---", "---");
    figure("loadSeconds", "load of the model, s", loadSeconds);
    figure("imageSeconds", "one picture, s (median of " + TIMED + ")", times.get(TIMED / 2));
    figure("steps150Seconds", "150 optimisation steps, s", 150 * stepSeconds);
    OptionalLong memory = residentMebibytes();
    if (memory.isPresent()) {
      figure("residentMebibytes", "resident memory of this process, MiB", memory.getAsLong());
    }
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  /** Linux tells; elsewhere the figure is left out. */
  private static OptionalLong residentMebibytes() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
          .findFirst();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  private void reconstruction(ModelSource source) throws IOException {
    section("Reconstruction");
    line("Mean of the pictures' PSNR, and PSNR of their mean squared error.");
    line("");
    row("split", "pictures", "PSNR, dB", "of the mean error, dB", "codes used");
    row("---", "---", "---", "---", "---");
    try (FinishedModel finished = new FinishedModel(source, device)) {
      for (Split split : Split.values()) {
        if (split == Split.TRAIN) {
          continue;
        }
        Dataset dataset = Dataset.open(data, split);
        int count = Math.min(pictures, dataset.size());
        double psnr = 0;
        double error = 0;
        BitSet used = new BitSet();
        List<BufferedImage> pairs = new ArrayList<>();
        for (int from = 0; from < count; from += AT_ONCE) {
          int some = Math.min(AT_ONCE, count - from);
          float[] planes = Pictures.planes(dataset, from, some);
          Reconstruction copy = finished.reconstruct(planes);
          psnr += Arrays.stream(Pictures.psnr(planes, copy.pictures(), some)).sum();
          for (int i = 0; i < some; i++) {
            error += Pictures.error(planes, copy.pictures(), i, some);
          }
          Arrays.stream(copy.tokens()).forEach(token -> used.set((int) token));
          if (from == 0 && split == Split.VALIDATION) {
            int half = some / 2;
            List<BufferedImage> originals = Pictures.of(planes, dataset.imageSize());
            List<BufferedImage> copies = Pictures.of(copy.pictures(), dataset.imageSize());
            for (int row = 0; row + COLUMNS <= 2 * half; row += COLUMNS) {
              pairs.addAll(originals.subList(row, row + COLUMNS));
              pairs.addAll(copies.subList(row, row + COLUMNS));
            }
          }
        }
        double pooled = -10 * Math.log10(error / count);
        double share = (double) used.cardinality() / finished.codes();
        row(
            split.id(),
            Integer.toString(count),
            format(psnr / count),
            format(pooled),
            percent(share));
        figures
            .withObject("/reconstruction/" + split.id())
            .put("psnr", TrainingRun.rounded(psnr / count))
            .put("psnrOfMeanError", TrainingRun.rounded(pooled))
            .put("codesUsed", TrainingRun.rounded(share));
        if (!pairs.isEmpty()) {
          Pictures.write(Pictures.sheet(pairs, COLUMNS), image("pocket-reconstruction.png"));
        }
      }
    }
    line("");
    line("Originals above, reconstructions below them:");
    line("");
    line("![reconstructions](images/pocket-reconstruction.png)");
  }

  private Path image(String name) {
    return out.resolve("images").resolve(name);
  }

  /** Shares of pictures whose thing is among the best five answers, and whose style is the best. */
  private record Score(double content, double style) {}

  private void judged(SwittiBackbone backbone) throws IOException {
    section("Text to image");
    line("Share of pictures whose thing is among the content judge's best five answers, and whose");
    line("style is the style judge's best answer. Real pictures are those of the same prompts.");
    line("");
    row("split", "pictures", "thing, real", "thing, generated", "style, real", "style, generated");
    row("---", "---", "---", "---", "---", "---");
    try (Judge content = Judge.load(Judge.Kind.CONTENT, judges, device);
        Judge style = Judge.load(Judge.Kind.STYLE, judges, device)) {
      for (Split split : List.of(Split.VALIDATION, Split.HELDOUT_PAIRS)) {
        Dataset dataset = Dataset.open(data, split);
        List<Integer> chosen = complete(dataset, prompts / 2);
        List<Dataset.Sample> samples = new ArrayList<>();
        List<BufferedImage> real = new ArrayList<>();
        List<BufferedImage> generated = new ArrayList<>();
        for (int from = 0; from < chosen.size(); from += AT_ONCE) {
          List<GenerationRequest> requests = new ArrayList<>();
          for (int index : chosen.subList(from, Math.min(chosen.size(), from + AT_ONCE))) {
            Dataset.Sample sample = dataset.get(index);
            samples.add(sample);
            requests.add(request(backbone, sample.caption(), index));
            float[] planes = new float[sample.rgb().length];
            Dataset.toPlanes(sample.rgb(), planes, 0, false);
            real.addAll(Pictures.of(planes, dataset.imageSize()));
          }
          generated.addAll(backbone.generate(requests));
        }
        Score ofReal = score(content, style, real, samples);
        Score ofGenerated = score(content, style, generated, samples);
        row(
            split.id(),
            Integer.toString(samples.size()),
            percent(ofReal.content),
            percent(ofGenerated.content),
            percent(ofReal.style),
            percent(ofGenerated.style));
        figures
            .withObject("/textToImage/" + split.id())
            .put("contentTop5Real", TrainingRun.rounded(ofReal.content))
            .put("contentTop5", TrainingRun.rounded(ofGenerated.content))
            .put("styleTop1Real", TrainingRun.rounded(ofReal.style))
            .put("styleTop1", TrainingRun.rounded(ofGenerated.style));
        Pictures.write(
            Pictures.sheet(generated.subList(0, Math.min(SHEET, generated.size())), COLUMNS),
            image("pocket-" + split.id() + ".png"));
      }
    }
    for (Split split : List.of(Split.VALIDATION, Split.HELDOUT_PAIRS)) {
      Dataset dataset = Dataset.open(data, split);
      line("");
      line("%s: first prompts of the split, row by row:", split.id());
      line("");
      line("![%s](images/pocket-%s.png)", split.id(), split.id());
      line("");
      for (int index : complete(dataset, Math.min(SHEET, prompts / 2))) {
        line("- %s", dataset.caption(index));
      }
    }
  }

  /** Pictures whose captions name both thing and style in their usual words. */
  private static List<Integer> complete(Dataset dataset, int count) {
    List<Integer> chosen = new ArrayList<>();
    for (int i = 0; i < dataset.size() && chosen.size() < count; i++) {
      String caption = dataset.caption(i).toLowerCase(Locale.ROOT);
      Dataset.Sample sample = dataset.get(i);
      if (caption.contains(dataset.things().get(sample.thing()).name())
          && caption.contains(dataset.styles().get(sample.style()).name())) {
        chosen.add(i);
      }
    }
    return chosen;
  }

  private static Score score(
      Judge content, Judge style, List<BufferedImage> pictures, List<Dataset.Sample> samples) {
    int things = 0;
    int styles = 0;
    for (int from = 0; from < pictures.size(); from += AT_ONCE) {
      List<BufferedImage> some = pictures.subList(from, Math.min(pictures.size(), from + AT_ONCE));
      List<List<Judge.Answer>> whats = content.judge(some, BEST);
      List<List<Judge.Answer>> hows = style.judge(some, 1);
      for (int i = 0; i < some.size(); i++) {
        Judge.Label thing = content.labels().get(samples.get(from + i).thing());
        Judge.Label way = style.labels().get(samples.get(from + i).style());
        things += whats.get(i).stream().anyMatch(answer -> answer.label().equals(thing)) ? 1 : 0;
        styles += hows.get(i).get(0).label().equals(way) ? 1 : 0;
      }
    }
    return new Score((double) things / pictures.size(), (double) styles / pictures.size());
  }

  private GenerationRequest request(SwittiBackbone backbone, String prompt, long seed) {
    Sampling sampling = backbone.defaultSampling();
    return request(prompt, seed, guidance == null ? sampling : guided(sampling, guidance));
  }

  private static GenerationRequest request(String prompt, long seed, Sampling sampling) {
    return new GenerationRequest(prompt, null, null, seed, 0, sampling);
  }

  private static Sampling guided(Sampling sampling, double scale) {
    return new Sampling(
        scale,
        sampling.guidanceFromScale(),
        sampling.guidanceToScale(),
        sampling.topK(),
        sampling.topP(),
        sampling.smoothFromScale(),
        sampling.lastScaleTemperature(),
        sampling.greedy());
  }

  private void guidanceSheets(SwittiBackbone backbone) throws IOException {
    List<String> shown =
        List.of(
            "a fox in flat vector style",
            "an apple in watercolor style",
            "a castle in neon glow style",
            "a cat in pixel art style",
            "a rocket in space, in glossy 3d style",
            "a tree in stained glass style",
            "a car in blueprint style",
            "a robot in crayon style");
    List<BufferedImage> rows = new ArrayList<>();
    for (double scale : new double[] {1, 3, 6}) {
      List<GenerationRequest> requests = new ArrayList<>();
      for (int i = 0; i < shown.size(); i++) {
        requests.add(request(shown.get(i), i, guided(backbone.defaultSampling(), scale)));
      }
      rows.addAll(backbone.generate(requests));
    }
    Pictures.write(Pictures.sheet(rows, shown.size()), image("pocket-guidance.png"));
    section("Guidance");
    line("Guidance scale 1, 3 and 6 from top to bottom: %s.", String.join("; ", shown));
    line("");
    line("![guidance](images/pocket-guidance.png)");
  }

  private void losses(ModelSource source) throws IOException {
    section("Loss per scale");
    line("Mean cross-entropy of each scale's tokens, in nats; chance is the logarithm of the");
    line("codebook's size.");
    line("");
    List<Integer> scales = source.manifest().scales();
    List<String> head = new ArrayList<>(List.of("step"));
    scales.forEach(side -> head.add(side + "x" + side));
    row(head.toArray(String[]::new));
    row(head.stream().map(name -> "---").toArray(String[]::new));
    if (run != null) {
      for (String text : Files.readAllLines(run.resolve("log.jsonl"))) {
        JsonNode line = RunSettings.JSON.readTree(text);
        if (line.path("split").asString("").equals(Split.VALIDATION.id())) {
          lossRow(line.path("step").asString(), line, scales.size());
        }
      }
    }
    Dataset dataset = Dataset.open(data, Split.VALIDATION);
    int count = Math.min(pictures, dataset.size());
    double[] sums = new double[scales.size()];
    try (FinishedModel finished = new FinishedModel(source, device);
        CaptionEncoder captions = new CaptionEncoder(device)) {
      for (int from = 0; from < count; from += AT_ONCE) {
        int some = Math.min(AT_ONCE, count - from);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < some; i++) {
          texts.add(dataset.caption(from + i));
        }
        float[] means =
            finished.crossEntropy(Pictures.planes(dataset, from, some), captions.encode(texts));
        for (int scale = 0; scale < sums.length; scale++) {
          sums[scale] += (double) means[scale] * some / count;
        }
      }
    }
    ObjectNode shipped = figures.putObject("crossEntropy");
    for (int scale = 0; scale < sums.length; scale++) {
      shipped.put("scale" + scale, TrainingRun.rounded(sums[scale]));
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
