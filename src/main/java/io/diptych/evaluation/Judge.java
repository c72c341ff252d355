package io.diptych.evaluation;

import io.diptych.engine.EngineException;
import io.diptych.engine.judge.JudgeArchitecture;
import io.diptych.engine.judge.JudgeNetwork;
import io.diptych.engine.weights.Safetensors;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Names what a picture shows, whatever its style, or its style, whatever it shows: a small network
 * trained on real pictures only. Thread-safe.
 */
public final class Judge implements AutoCloseable {

  /** Where the judges that ship with the project lie. */
  public static final String SHIPPED = "classpath:/models/judges/";

  private static final String CLASSPATH = "classpath:";
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final int resolution;
  private final List<Label> labels;
  private final JudgeNetwork network;

  private Judge(int resolution, List<Label> labels, JudgeNetwork network) {
    this.resolution = resolution;
    this.labels = List.copyOf(labels);
    this.network = network;
  }

  /** What a judge looks at. */
  public enum Kind {
    /** The thing. */
    CONTENT,
    /** The way it is drawn. */
    STYLE
  }

  /**
   * A class that a judge can name.
   *
   * @param id stable id in the data set
   * @param name in words
   * @param heldOut whether no picture to learn from shows it; a judge never names it rightly
   */
  public record Label(String id, String name, boolean heldOut) {}

  /**
   * One of a judge's answers.
   *
   * @param probability from 0 to 1
   */
  public record Answer(Label label, double probability) {}

  /**
   * Loads a judge.
   *
   * @param location {@link #SHIPPED} or a folder, which holds {@code judges.json}
   * @param device {@code cpu}, {@code gpu0}, ...
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} when its files are missing or damaged
   */
  public static Judge load(Kind kind, String location, String device) {
    String name = kind.name().toLowerCase(Locale.ROOT);
    try {
      JsonNode index = JSON.readTree(read(location, "judges.json"));
      JsonNode entry = index.path(name);
      List<Integer> widths = new ArrayList<>();
      entry.path("widths").forEach(width -> widths.add(width.asInt()));
      List<Label> labels = new ArrayList<>();
      for (JsonNode label : entry.path("labels")) {
        labels.add(
            new Label(
                label.path("id").asString(),
                label.path("name").asString(),
                label.path("heldOut").asBoolean()));
      }
      String file = entry.path("file").asString();
      try (Safetensors weights = Safetensors.read(read(location, file), location + file)) {
        return new Judge(
            index.path("resolution").asInt(),
            labels,
            JudgeNetwork.load(new JudgeArchitecture(widths, labels.size()), weights, device));
      }
    } catch (IOException | JacksonException | IllegalArgumentException e) {
      throw new EngineException(
          EngineException.Kind.MODEL_UNAVAILABLE,
          "The " + name + " judge of " + location + " cannot be read: " + e.getMessage() + ".",
          e);
    }
  }

  private static byte[] read(String location, String name) throws IOException {
    if (!location.startsWith(CLASSPATH)) {
      return Files.readAllBytes(Path.of(location).resolve(name));
    }
    String resource = location.substring(CLASSPATH.length()) + name;
    try (InputStream in = Judge.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException("there is no " + resource + " on the class path");
      }
      return in.readAllBytes();
    }
  }

  /** All classes, by index. */
  public List<Label> labels() {
    return labels;
  }

  /**
   * Judges pictures of any size.
   *
   * @param best how many answers to give for each picture
   * @return for each picture its likeliest classes, likeliest first
   */
  public List<List<Answer>> judge(List<BufferedImage> pictures, int best) {
    if (pictures.isEmpty()) {
      return List.of();
    }
    List<List<Answer>> answers = new ArrayList<>();
    for (float[] logits : network.judge(planes(pictures), resolution)) {
      double[] probabilities = softmax(logits);
      answers.add(
          IntStream.range(0, logits.length)
              .boxed()
              .sorted(Comparator.comparingDouble((Integer i) -> -probabilities[i]))
              .limit(best)
              .map(i -> new Answer(labels.get(i), probabilities[i]))
              .toList());
    }
    return answers;
  }

  private float[] planes(List<BufferedImage> pictures) {
    float[] planes = new float[pictures.size() * 3 * resolution * resolution];
    int at = 0;
    for (BufferedImage picture : pictures) {
      int[] rgb = fitted(picture).getRGB(0, 0, resolution, resolution, null, 0, resolution);
      for (int shift = 16; shift >= 0; shift -= 8) {
        for (int pixel : rgb) {
          planes[at++] = (pixel >> shift & 255) / 127.5f - 1;
        }
      }
    }
    return planes;
  }

  private BufferedImage fitted(BufferedImage picture) {
    if (picture.getWidth() == resolution && picture.getHeight() == resolution) {
      return picture;
    }
    BufferedImage fitted = new BufferedImage(resolution, resolution, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = fitted.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    graphics.drawImage(picture, 0, 0, resolution, resolution, null);
    graphics.dispose();
    return fitted;
  }

  private static double[] softmax(float[] logits) {
    double largest = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      largest = Math.max(largest, logit);
    }
    double sum = 0;
    double[] probabilities = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] = Math.exp(logits[i] - largest);
      sum += probabilities[i];
    }
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] /= sum;
    }
    return probabilities;
  }

  @Override
  public void close() {
    network.close();
  }
}
