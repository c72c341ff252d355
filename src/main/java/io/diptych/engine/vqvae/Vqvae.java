package io.diptych.engine.vqvae;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.program.Program;
import io.diptych.engine.program.Weights;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The multi-scale VQ-VAE (backbones.md section 1) with its weights on one device. Thread-safe.
 *
 * <p>B pictures, P side of the latent map, d latent channels, K scales, L tokens of all scales.
 */
public final class Vqvae implements AutoCloseable {

  private final VqvaeArchitecture architecture;
  private final Program program;
  private final Weights weights;
  private final Weights quantizer;

  /**
   * Compiles the program for weights that {@link VqvaeArchitecture#tensors()} describes.
   *
   * @param manager owns the program and must own the weights
   */
  public Vqvae(VqvaeArchitecture architecture, Weights weights, NDManager manager) {
    this.architecture = architecture;
    this.weights = weights;
    this.quantizer = weights.select(name -> name.startsWith("quantize."));
    this.program = architecture.program(false, manager);
  }

  public VqvaeArchitecture architecture() {
    return architecture;
  }

  /** The codebook, (V, d). */
  public NDArray codebook() {
    return weights.get("quantize.embedding.weight");
  }

  /** A picture of any size to (1, 3, S, S) in [-1, 1]: squashed to the model's square, bicubic. */
  public NDArray fit(NDManager scope, BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    int[] rgb = image.getRGB(0, 0, width, height, null, 0, width);
    ByteBuffer bytes = scope.allocateDirect(3 * rgb.length);
    for (int pixel : rgb) {
      bytes.put((byte) (pixel >> 16)).put((byte) (pixel >> 8)).put((byte) pixel);
    }
    NDArray pixels = scope.create(bytes.flip(), new Shape(height, width, 3), DataType.UINT8);
    return program.call("fit", scope).with(pixels).run().singletonOrThrow();
  }

  /** Pictures (B, 3, H, W) in [-1, 1] as RGB images. */
  public List<BufferedImage> pictures(NDManager scope, NDArray images) {
    NDArray pixels = program.call("pixels", scope).with(images).run().singletonOrThrow();
    int height = (int) pixels.getShape().get(1);
    int width = (int) pixels.getShape().get(2);
    byte[] bytes = pixels.toByteArray();
    List<BufferedImage> pictures = new ArrayList<>();
    int at = 0;
    for (int i = 0; i < pixels.getShape().get(0); i++) {
      BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++, at += 3) {
          picture.setRGB(
              x, y, (bytes[at] & 0xff) << 16 | (bytes[at + 1] & 0xff) << 8 | bytes[at + 2] & 0xff);
        }
      }
      pictures.add(picture);
    }
    return pictures;
  }

  /** Picture (B, 3, H, W) in [-1, 1] to latent map (B, d, P, P). */
  public NDArray encode(NDManager scope, NDArray image) {
    return program.call("encode", scope).with(weights).with(image).run().singletonOrThrow();
  }

  /** Latent map (B, d, P, P) to token maps: each scale codes what the coarser ones left over. */
  public TokenMaps quantize(NDManager scope, NDArray latent) {
    NDList result = program.call("quantize", scope).with(quantizer).with(latent).run();
    int scales = architecture.sides().size();
    return new TokenMaps(List.copyOf(result.subList(0, scales)), result.get(scales));
  }

  /** An empty running sum for a batch, (B, d, P, P). */
  public NDArray emptySum(NDManager scope, int batch) {
    int side = architecture.sides().get(architecture.sides().size() - 1);
    return scope.zeros(new Shape(batch, architecture.latentChannels(), side, side));
  }

  /**
   * One generation step.
   *
   * @param sum running sum of the coarser scales, (B, d, P, P)
   * @param codes tokens (B, n) int64 of this scale, or soft codewords (B, n, d)
   * @param scale 0-based
   */
  public Accumulated accumulate(NDManager scope, NDArray sum, NDArray codes, int scale) {
    NDList result =
        program.call("accumulate", scope).with(quantizer).with(sum).with(codes).with(scale).run();
    return new Accumulated(result.get(0), result.get(1));
  }

  /**
   * The state between two scales.
   *
   * @param sum running sum with this scale, (B, d, P, P)
   * @param nextInput input of the next scale, (B, n, d); meaningless after the last one
   */
  public record Accumulated(NDArray sum, NDArray nextInput) {}

  /** All scales, each as tokens (B, n) or soft codewords (B, n, d), to their sum (B, d, P, P). */
  public NDArray assemble(NDManager scope, List<NDArray> codes) {
    return program.call("assemble", scope).with(quantizer).with(codes).run().singletonOrThrow();
  }

  /** Sum of all scales of a picture (B, d, P, P) to its copy (B, 3, H, W) in [-1, 1]. */
  public NDArray copy(NDManager scope, NDArray sum) {
    return program.call("copy", scope).with(weights).with(sum).run().singletonOrThrow();
  }

  /** Sum of all scales (B, d, P, P) that were drawn to picture (B, 3, H, W) in [-1, 1]. */
  public NDArray decode(NDManager scope, NDArray sum) {
    return program.call("decode", scope).with(weights).with(sum).run().singletonOrThrow();
  }

  @Override
  public void close() {
    program.close();
  }
}
