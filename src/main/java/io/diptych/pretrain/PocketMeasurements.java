package io.diptych.pretrain;

import io.diptych.engine.Concept;
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

  /** New settings of a content that was learned or is named. */
  static final List<String> SETTINGS =
      List.of(
          "a %s on the beach", "a %s in space", "a %s in the snow", "a %s in flat vector style");

  /** New subjects of a style that was learned or is named. */
  static final List<String> SUBJECTS = List.of("fox", "castle", "car", "tulip");

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
    try (CaptionEncoder captions = new CaptionEncoder(device)) {
      return new ScaleStudy(finished(), dataset, pictures)
          .crossEntropy(captions, Dataset.Sample::caption);
    }
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
    return caption.contains(dataset.thing(sample).name())
        && caption.contains(dataset.style(sample).name());
  }

  private static Score score(
      Judge content, Judge style, List<BufferedImage> pictures, List<Dataset.Sample> samples) {
    return new Score(
        named(content, BEST, pictures, samples.stream().map(Dataset.Sample::thing).toList()),
        named(style, 1, pictures, samples.stream().map(Dataset.Sample::style).toList()));
  }

  /** Share of the pictures whose class is among a judge's best answers. */
  private static double named(
      Judge judge, int best, List<BufferedImage> pictures, List<Integer> classes) {
    int right = 0;
    for (int from = 0; from < pictures.size(); from += AT_ONCE) {
      List<BufferedImage> some = pictures.subList(from, Math.min(pictures.size(), from + AT_ONCE));
      List<List<Judge.Answer>> answers = judge.judge(some, best);
      for (int i = 0; i < some.size(); i++) {
        Judge.Label expected = judge.labels().get(classes.get(from + i));
        right += answers.get(i).stream().anyMatch(a -> a.label().equals(expected)) ? 1 : 0;
      }
    }
    return (double) right / pictures.size();
  }

  /**
   * What decompositions keep of pictures.
   *
   * @param learned content of the learned content in new settings, style of new subjects in the
   *     learned style
   * @param named the same for prompts that name thing and style in place of what was learned
   * @param subject share of the new subjects that are among the content judge's best five answers
   * @param sheet rows of a picture, its content in the settings, and the subjects in its style
   */
  record Decomposed(Score learned, Score named, double subject, List<BufferedImage> sheet) {}

  /**
   * Share of the first pictures of a split whose thing and whose style the model finds the word
   * for.
   */
  Score words(Dataset dataset, int pictures) {
    Score sum = new Score(0, 0);
    for (int i = 0; i < pictures; i++) {
      DecompositionOptions one =
          backbone.defaultOptions(null, null, i).toBuilder().stepsToTheEnd(1).build();
      Score right =
          rightWords(dataset, i, backbone.decompose(picture(dataset, i), one, RunControl.none()));
      sum = new Score(sum.content + right.content, sum.style + right.style);
    }
    return new Score(sum.content / pictures, sum.style / pictures);
  }

  private static Score rightWords(Dataset dataset, int index, Concept concept) {
    DecompositionOptions found = concept.metadata().options();
    Dataset.Sample sample = dataset.get(index);
    String thing = dataset.thing(sample).name();
    String style = dataset.style(sample).name();
    return new Score(
        thing.equals(found.contentWord()) ? 1 : 0, style.equals(found.styleWord()) ? 1 : 0);
  }

  private static BufferedImage picture(Dataset dataset, int index) {
    return Pictures.of(Pictures.planes(dataset, index, 1), dataset.imageSize()).get(0);
  }

  /**
   * Decomposes the first pictures of a split, as a request does that gives no words.
   *
   * @param pictures at most how many
   * @param judges where the judges are
   */
  Decomposed decompose(Dataset dataset, int pictures, String judges) {
    List<Integer> things = new ArrayList<>();
    List<Integer> styles = new ArrayList<>();
    List<Integer> subjects = new ArrayList<>();
    List<BufferedImage> learnedContent = new ArrayList<>();
    List<BufferedImage> namedContent = new ArrayList<>();
    List<BufferedImage> learnedStyle = new ArrayList<>();
    List<BufferedImage> namedStyle = new ArrayList<>();
    List<BufferedImage> sheet = new ArrayList<>();
    for (int i = 0; i < Math.min(pictures, dataset.size()); i++) {
      Dataset.Sample sample = dataset.get(i);
      BufferedImage picture = picture(dataset, i);
      Concept concept =
          backbone.decompose(picture, backbone.defaultOptions(null, null, i), RunControl.none());
      String thing = dataset.thing(sample).name();
      String style = dataset.style(sample).name();
      List<BufferedImage> settings =
          generate(SETTINGS.stream().map(s -> s.formatted("{content}")).toList(), concept, null, i);
      List<BufferedImage> drawn =
          generate(
              SUBJECTS.stream().map(s -> "a " + s + " in {style} style").toList(),
              null,
              concept,
              i);
      learnedContent.addAll(settings);
      learnedStyle.addAll(drawn);
      namedContent.addAll(generate(SETTINGS.stream().map(s -> s.formatted(thing)).toList(), i));
      namedStyle.addAll(
          generate(SUBJECTS.stream().map(s -> "a " + s + " in " + style + " style").toList(), i));
      SETTINGS.forEach(setting -> things.add(sample.thing()));
      SUBJECTS.forEach(subject -> styles.add(sample.style()));
      SUBJECTS.forEach(subject -> subjects.add(indexOf(dataset, subject)));
      sheet.add(picture);
      sheet.addAll(settings);
      sheet.addAll(drawn);
    }
    try (Judge content = Judge.load(Judge.Kind.CONTENT, judges, device);
        Judge style = Judge.load(Judge.Kind.STYLE, judges, device)) {
      return new Decomposed(
          new Score(
              named(content, BEST, learnedContent, things), named(style, 1, learnedStyle, styles)),
          new Score(
              named(content, BEST, namedContent, things), named(style, 1, namedStyle, styles)),
          named(content, BEST, learnedStyle, subjects),
          sheet);
    }
  }

  private static int indexOf(Dataset dataset, String thing) {
    return dataset.things().stream().map(Dataset.Label::name).toList().indexOf(thing);
  }

  /** Pictures of prompts in one batch, by the model's own settings; seeds count up. */
  List<BufferedImage> generate(List<String> prompts, long firstSeed) {
    return generate(prompts, null, null, firstSeed, sampling);
  }

  /** As above, with another guidance scale. */
  List<BufferedImage> generate(List<String> prompts, long firstSeed, double guidance) {
    return generate(prompts, null, null, firstSeed, sampling.withGuidanceScale(guidance));
  }

  private List<BufferedImage> generate(
      List<String> prompts, @Nullable Concept content, @Nullable Concept style, long firstSeed) {
    return generate(prompts, content, style, firstSeed, sampling);
  }

  private List<BufferedImage> generate(
      List<String> prompts,
      @Nullable Concept content,
      @Nullable Concept style,
      long firstSeed,
      Sampling how) {
    List<GenerationRequest> requests = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      requests.add(new GenerationRequest(prompts.get(i), content, style, firstSeed + i, 0, how));
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
