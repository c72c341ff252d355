package io.diptych.engine;

import io.diptych.engine.backbone.SwittiBackbone;
import io.diptych.engine.csd.WordNetSubConcepts;
import io.diptych.engine.switti.SwittiArchitecture;
import io.diptych.engine.vqvae.VqvaeArchitecture;
import io.diptych.engine.weights.FormulaWeights;
import io.diptych.engine.weights.ModelManifest;
import io.diptych.engine.weights.ModelSource;
import io.diptych.engine.weights.SafetensorsWriter;
import io.diptych.engine.weights.TensorSchema;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Whole backbones of any size with weights from the golden formula and the real MiniLM, written as
 * a model folder and read by the real loader. Their pictures mean nothing.
 */
public record TestModels(
    int channels,
    int residualBlocks,
    int latentChannels,
    int codes,
    int depth,
    int width,
    int heads,
    boolean causal,
    List<Integer> scales) {

  /** Small enough for hundreds of steps in a test. */
  public static final TestModels TINY =
      new TestModels(32, 1, 8, 64, 2, 64, 2, true, List.of(1, 2, 3, 4, 5));

  /** The same without a cache across scales. */
  public static final TestModels TINY_NON_CAUSAL =
      new TestModels(32, 1, 8, 64, 2, 64, 2, false, List.of(1, 2, 3, 4, 5));

  /** The size of a pocket backbone at 128 pixels. */
  public static final TestModels POCKET =
      new TestModels(32, 1, 16, 1024, 8, 256, 4, true, List.of(1, 2, 3, 4, 5, 6, 8, 10, 13, 16));

  private static final List<Integer> MULTIPLIERS = List.of(1, 1, 2, 4);

  /** Writes the model folder. */
  public Path write(Path folder) {
    try {
      Files.createDirectories(folder);
      Files.write(folder.resolve("model.json"), manifest());
      ModelManifest manifest = ModelManifest.read(manifest(), "test model");
      weights(VqvaeArchitecture.of(manifest).tensors(), folder.resolve("vqvae.safetensors"));
      weights(SwittiArchitecture.of(manifest).tensors(), folder.resolve("switti.safetensors"));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes the model folder and opens it. */
  public ModelSource source(Path folder) {
    return ModelSource.open(
        write(folder).toString(), ModelSource.Settings.offline(folder.resolve("cache")));
  }

  /** Writes the model folder and loads it on the CPU. */
  public SwittiBackbone load(Path folder) {
    return SwittiBackbone.load(source(folder), "cpu", new WordNetSubConcepts());
  }

  /**
   * Memory that one guided picture needs at its last scale, roughly: two rows of cache, and of one
   * attention with its weights, all fp32.
   */
  public long generationMib() {
    long last = (long) scales.get(scales.size() - 1) * scales.get(scales.size() - 1);
    long tokens = scales.stream().mapToLong(side -> (long) side * side).sum();
    long cache = 2L * depth * 2 * tokens * width;
    long attention = 2L * heads * last * tokens;
    long logits = 2 * 3 * last * codes;
    return ((2 * cache + 2 * attention + logits) * Float.BYTES >> 20) + 1;
  }

  /** A picture with a subject: an orange disc with eyes on a striped ground. */
  public static BufferedImage picture(int side) {
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    for (int y = 0; y < side; y++) {
      g.setColor(new Color(90, 120 + 100 * y / side, 200 - 150 * y / side));
      g.drawLine(0, y, side, y);
    }
    g.setColor(new Color(230, 120, 20));
    g.fillOval(side / 5, side / 6, side / 2, side / 2);
    g.setColor(Color.BLACK);
    g.fillOval(side / 3, side / 3, side / 16, side / 16);
    g.dispose();
    return image;
  }

  private byte[] manifest() {
    return """
    {
      "name": "test", "licence": "Apache-2.0", "resolution": %d, "scales": %s,
      "vqvae": {"channels": %d, "channelMultipliers": %s, "residualBlocks": %d,
        "zChannels": %d, "vocabulary": %d},
      "switti": {"depth": %d, "width": %d, "heads": %d, "textWidth": 384, "pooledWidth": 384,
        "ropeTheta": 10000, "ropeSize": 128, "causal": %b, "cropCondition": false},
      "textEncoders": [{"kind": "minilm", "layers": 6, "width": 384, "heads": 12,
        "feedForward": 1536, "vocabulary": 30522, "positions": 512, "maximumTokens": 128,
        "activation": "gelu", "layerNormEpsilon": 1e-12, "projectionWidth": 0}],
      "files": {
        "vqvae": [{"path": "vqvae.safetensors"}],
        "switti": [{"path": "switti.safetensors"}],
        "text.0": [
          {"path": "all-minilm-l6-v2.onnx", "from": "classpath:/"},
          {"path": "all-minilm-l6-v2-tokenizer.json", "from": "classpath:/"}]
      },
      "vocabulary": {"content": ["fox", "castle", "car"], "style": ["watercolor", "woodcut"]},
      "defaults": {"sampling": {"topK": 0, "topP": 0}, "decomposition": {"rank": 5}}
    }
    """
        .formatted(
            scales.get(scales.size() - 1) << (MULTIPLIERS.size() - 1),
            scales,
            channels,
            MULTIPLIERS,
            residualBlocks,
            latentChannels,
            codes,
            depth,
            width,
            heads,
            causal)
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Scales keep activations of all layers of the order of one. */
  private static void weights(TensorSchema schema, Path file) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    schema
        .shapes()
        .forEach(
            (name, shape) -> {
              boolean norm =
                  name.toLowerCase(Locale.ROOT).contains("norm") && shape.dimension() == 1;
              long inputs = shape.dimension() < 2 ? 1 : shape.size() / shape.get(0);
              double scale = shape.dimension() == 1 ? 0.1 : Math.sqrt(3.0 / inputs);
              double offset = norm && name.endsWith("weight") ? 1 : 0;
              writer.put(
                  name,
                  FormulaWeights.values(name, (int) shape.size(), scale, offset, 7),
                  shape.getShape());
            });
    writer.write(file);
  }
}
