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
import org.jspecify.annotations.Nullable;

/** What a shipped model can do, in figures: for the report, and for the tests that hold them. */
final class PocketMeasurements implements AutoCloseable {

  private static final int AT_ONCE = 16;
  private static final int TIMED = 20;
  private static final int WARM_UP = 3;
  private static final int BEST = 5;

  private final ModelSource source;
  private final String device;
  private final SwittiBackbone backbone;
  private final Sampling sampling;
  private final double loadSeconds;
  private @Nullable FinishedModel finished;

  private PocketMeasurements(
      ModelSource source,
      String device,
      SwittiBackbone backbone,
      Sampling sampling,
      double loadSeconds) {
    this.source = source;
    this.device = device;
    this.backbone = backbone;
    this.sampling = sampling;
    this.loadSeconds = loadSeconds;
  }

  /**
   * Loads a model.
   *
   * @param location as in the settings of the service
   */
  static PocketMeasurements of(String location, String device) {
    long start = System.nanoTime();
    ModelSource source =
        ModelSource.open(
            location,
            ModelSource.Settings.offline(
                Path.of(System.getProperty("user.home"), ".cache", "diptych")));
    SwittiBackbone backbone = SwittiBackbone.load(source, device, new WordNetSubConcepts());
    return new PocketMeasurements(
        source, device, backbone, backbone.defaultSampling(), seconds(start));
  }

  SwittiBackbone backbone() {
    return backbone;
  }

  /**
   * How fast it is, and how large.
   *
   * @param load of the model, in seconds
   * @param image one picture, in seconds: the median after warm-up
   * @param steps150 150 optimisation steps, in seconds
   * @param residentMebibytes the most that this process has held; empty where the system does not
   *     tell
   */
  record Speed(double load, double image, double steps150, OptionalLong residentMebibytes) {}

  /**
   * Measures speed.
   *
   * @param steps optimisation steps to run; the time of 150 is reckoned from them
   */
  Speed speed(int steps) {
    String prompt = "a fox in flat vector style";
    List<Double> times = new ArrayList<>();
    for (int i = 0; i < TIMED + WARM_UP; i++) {
      long start = System.nanoTime();
      generate(List.of(prompt), i);
      if (i >= WARM_UP) {
        times.add(seconds(start));
      }
    }
    times.sort(null);
    DecompositionOptions options =
        backbone.defaultOptions("fox", "flat vector", 1).toBuilder().stepsToTheEnd(steps).build();
    BufferedImage picture = generate(List.of(prompt), 0).get(0);
    long start = System.nanoTime();
    backbone.decompose(picture, options, RunControl.none());
    double perStep = seconds(start) / steps;
    return new Speed(loadSeconds, times.get(TIMED / 2), 150 * perStep, residentMebibytes());
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static OptionalLong residentMebibytes() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
          .findFirst();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /**
   * How well pictures survive the tokens.
   *
   * @param psnr mean of the pictures' PSNR in dB
   * @param psnrOfMeanError PSNR of their mean squared error in dB
   * @param codesUsed share of the codebook that these pictures use
   */
  record Copies(double psnr, double psnrOfMeanError, double codesUsed) {}

  /** Reconstructs the first pictures of a split. */
  Copies reconstruct(Dataset dataset, int pictures) {
    double psnr = 0;
    double error = 0;
    BitSet used = new BitSet();
    FinishedModel model = finished();
    for (int from = 0; from < pictures; from += AT_ONCE) {
      int some = Math.min(AT_ONCE, pictures - from);
      float[] planes = Pictures.planes(dataset, from, some);
      Reconstruction copy = model.reconstruct(planes);
      psnr += Arrays.stream(Pictures.psnr(planes, copy.pictures(), some)).sum();
      for (int i = 0; i < some; i++) {
        error += Pictures.error(planes, copy.pictures(), i, some);
      }
      Arrays.stream(copy.tokens()).forEach(token -> used.set((int) token));
    }
    return new Copies(
        psnr / pictures,
        -10 * Math.log10(error / pictures),
        (double) used.cardinality() / model.codes());
  }

  /** The first pictures of a split and, below each row of them, their reconstructions. */
  BufferedImage reconstructions(Dataset dataset, int columns, int rows) {
    List<BufferedImage> pairs = new ArrayList<>();
    FinishedModel model = finished();
    for (int row = 0; row < rows; row++) {
      float[] planes = Pictures.planes(dataset, row * columns, columns);
      pairs.addAll(Pictures.of(planes, dataset.imageSize()));
      pairs.addAll(Pictures.of(model.reconstruct(planes).pictures(), dataset.imageSize()));
    }
    return Pictures.sheet(pairs, columns);
  }

  /** Mean cross-entropy of each scale's tokens in the first pictures of a split, in nats. */
  double[] crossEntropy(Dataset dataset, int pictures) {
    double[] sums = new double[source.manifest().scales().size()];
    FinishedModel model = finished();
    try (CaptionEncoder captions = new CaptionEncoder(device)) {
      for (int from = 0; from < pictures; from += AT_ONCE) {
        int some = Math.min(AT_ONCE, pictures - from);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < some; i++) {
          texts.add(dataset.get(from + i).caption());
        }
        float[] means =
            model.crossEntropy(Pictures.planes(dataset, from, some), captions.encode(texts));
        for (int scale = 0; scale < sums.length; scale++) {
          sums[scale] += (double) means[scale] * some / pictures;
        }
      }
    }
    return sums;
  }

  /**
   * Shares of pictures that judges recognise.
   *
   * @param content whose thing is among the content judge's best five answers
   * @param style whose style is the style judge's best answer
   */
  record Score(double content, double style) {}

  /**
   * Pictures of the same prompts.
   *
   * @param real of the drawn pictures: what the judges can do
   * @param copied of their reconstructions: the most that the tokens allow
   * @param generated of the generated pictures
   * @param captions the prompts
   * @param pictures the generated pictures
   */
  record Judged(
      Score real,
      Score copied,
      Score generated,
      List<String> captions,
      List<BufferedImage> pictures) {}

  /**
   * Generates the captions of a split that name thing and style in their usual words, and lets the
   * judges look.
   *
   * @param prompts at most how many
   * @param judges where the judges are
   */
  Judged judge(Dataset dataset, int prompts, String judges) {
    List<Dataset.Sample> samples = new ArrayList<>();
    List<BufferedImage> real = new ArrayList<>();
    for (int i = 0; i < dataset.size() && samples.size() < prompts; i++) {
      Dataset.Sample sample = dataset.get(i);
      if (isComplete(dataset, sample)) {
        samples.add(sample);
        float[] planes = new float[sample.rgb().length];
        Dataset.toPlanes(sample.rgb(), planes, 0, false);
        real.addAll(Pictures.of(planes, dataset.imageSize()));
      }
    }
    List<String> captions = samples.stream().map(Dataset.Sample::caption).toList();
    List<BufferedImage> generated = new ArrayList<>();
    for (int from = 0; from < captions.size(); from += AT_ONCE) {
      generated.addAll(
          generate(captions.subList(from, Math.min(captions.size(), from + AT_ONCE)), from));
    }
    try (Judge content = Judge.load(Judge.Kind.CONTENT, judges, device);
        Judge style = Judge.load(Judge.Kind.STYLE, judges, device)) {
      return new Judged(
          score(content, style, real, samples),
          score(content, style, copies(real), samples),
          score(content, style, generated, samples),
          captions,
          generated);
    }
  }

  private List<BufferedImage> copies(List<BufferedImage> originals) {
    List<BufferedImage> copies = new ArrayList<>();
    FinishedModel model = finished();
    for (int from = 0; from < originals.size(); from += AT_ONCE) {
      float[] planes =
          Pictures.planes(originals.subList(from, Math.min(originals.size(), from + AT_ONCE)));
      copies.addAll(Pictures.of(model.reconstruct(planes).pictures(), model.resolution()));
    }
    return copies;
  }

  private static boolean isComplete(Dataset dataset, Dataset.Sample sample) {
    String caption = sample.caption().toLowerCase(Locale.ROOT);
    return caption.contains(dataset.things().get(sample.thing()).name())
        && caption.contains(dataset.styles().get(sample.style()).name());
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

  /** Pictures of prompts in one batch, by the model's own settings; seeds count up. */
  List<BufferedImage> generate(List<String> prompts, long firstSeed) {
    return generate(prompts, firstSeed, sampling);
  }

  /** As above, with another guidance scale. */
  List<BufferedImage> generate(List<String> prompts, long firstSeed, double guidance) {
    return generate(prompts, firstSeed, sampling.withGuidanceScale(guidance));
  }

  private List<BufferedImage> generate(List<String> prompts, long firstSeed, Sampling how) {
    List<GenerationRequest> requests = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      requests.add(new GenerationRequest(prompts.get(i), null, null, firstSeed + i, 0, how));
    }
    return backbone.generate(requests);
  }

  /** Opened when first asked for, so that speed and memory are those of the backbone alone. */
  private FinishedModel finished() {
    FinishedModel model = finished;
    if (model == null) {
      model = new FinishedModel(source, device);
      finished = model;
    }
    return model;
  }

  @Override
  public void close() {
    if (finished != null) {
      finished.close();
    }
    backbone.close();
  }
}
