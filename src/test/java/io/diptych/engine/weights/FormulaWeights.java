package io.diptych.engine.weights;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Weights of the golden models, made by the formula in {@code golden/README.md} and written as
 * safetensors, so that tests read them with the real loader.
 */
public final class FormulaWeights {

  private static final JsonNode GOLDEN = read();

  private FormulaWeights() {}

  /**
   * A file with the weights of one golden model.
   *
   * @param model {@code vqvae}, {@code switti-ar}, {@code switti}, {@code clip-text-quick_gelu} or
   *     {@code clip-text-gelu}
   */
  public static byte[] safetensors(String model) {
    SafetensorsWriter writer = new SafetensorsWriter();
    long seed = GOLDEN.path("seed").asLong();
    JsonNode tensors = GOLDEN.path("tensors").path(model);
    if (tensors.isEmpty()) {
      throw new IllegalArgumentException("There is no golden model " + model);
    }
    tensors
        .properties()
        .forEach(
            entry -> {
              JsonNode spec = entry.getValue();
              long[] shape = new long[spec.path("shape").size()];
              long size = 1;
              for (int i = 0; i < shape.length; i++) {
                shape[i] = spec.path("shape").get(i).asLong();
                size *= shape[i];
              }
              writer.put(
                  entry.getKey(),
                  values(
                      entry.getKey(),
                      (int) size,
                      spec.path("scale").asDouble(),
                      spec.path("offset").asDouble(),
                      seed),
                  shape);
            });
    return writer.toBytes();
  }

  /** The same weights, opened. */
  public static Safetensors open(String model) {
    return Safetensors.read(safetensors(model), model + " (formula)");
  }

  /** The same weights as a file in a directory. */
  public static Path write(String model, Path directory) {
    try {
      return Files.write(directory.resolve(model + ".safetensors"), safetensors(model));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A golden file, opened. */
  public static Safetensors golden(String file) {
    String resource = "/golden/" + file + ".safetensors";
    try (InputStream in = FormulaWeights.class.getResourceAsStream(resource)) {
      return Safetensors.read(in.readAllBytes(), resource);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The formula: element i of the parameter NAME, for i below {@code size}. */
  public static float[] values(String name, int size, double scale, double offset, long seed) {
    CRC32 crc = new CRC32();
    crc.update(name.getBytes(StandardCharsets.UTF_8));
    int hash = (int) crc.getValue() ^ (int) (seed * 2654435761L);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      int x = i * 0x9E3779B1 + hash;
      x ^= x >>> 16;
      x *= 0x85EBCA6B;
      x ^= x >>> 13;
      x *= 0xC2B2AE35;
      x ^= x >>> 16;
      values[i] = (float) (offset + scale * (Integer.toUnsignedLong(x) / 2147483648.0 - 1.0));
    }
    return values;
  }

  private static JsonNode read() {
    try (InputStream in = FormulaWeights.class.getResourceAsStream("/golden/weights.json")) {
      return JsonMapper.builder().build().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
