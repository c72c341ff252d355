package io.diptych.engine.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.switti.Switti;
import io.diptych.engine.vqvae.TokenMaps;
import io.diptych.engine.vqvae.Vqvae;
import java.util.List;

/** What is measured on models in training and on finished ones alike. */
final class Measurements {

  private Measurements() {}

  /**
   * Pictures (B, 3, S, S) of the VQ-VAE's own size.
   *
   * @throws IllegalArgumentException when the values do not fill whole pictures of this size
   */
  static NDArray planes(NDManager scope, Vqvae vqvae, float[] pictures) {
    int side = vqvae.architecture().resolution();
    if (pictures.length % (3 * side * side) != 0) {
      throw new IllegalArgumentException(
          pictures.length + " values are no whole number of pictures of " + side + " px.");
    }
    return scope.create(pictures, new Shape(pictures.length / (3L * side * side), 3, side, side));
  }

  /**
   * Encodes, quantises and decodes.
   *
   * @param drawn whether to decode as if the tokens had been drawn
   */
  static Reconstruction reconstruct(NDManager scope, Vqvae vqvae, NDArray pictures, boolean drawn) {
    List<NDArray> maps = vqvae.quantize(scope, vqvae.encode(scope, pictures)).scales();
    NDArray sum = vqvae.emptySum(scope, (int) pictures.getShape().get(0));
    NDList flat = new NDList();
    for (int scale = 0; scale < maps.size(); scale++) {
      sum = vqvae.accumulate(scope, sum, maps.get(scale), scale).sum();
      flat.add(maps.get(scale).flatten());
    }
    NDArray decoded = drawn ? vqvae.decode(scope, sum) : vqvae.copy(scope, sum);
    return new Reconstruction(decoded.toFloatArray(), NDArrays.concat(flat).toLongArray());
  }

  /** Mean cross-entropy of every scale for latent maps (B, d, P, P) and their captions. */
  static float[] crossEntropy(
      NDManager scope, Vqvae vqvae, Switti switti, NDArray latents, TextBatch text) {
    int scales = switti.architecture().sides().size();
    TokenMaps maps = vqvae.quantize(scope, latents);
    Switti.Prepared prepared = text.prepare(scope, switti);
    NDArray logits =
        switti
            .teacherForced(scope, prepared, maps.teacherForcingInput(), 0, scales - 1, null, false)
            .logits();
    NDArray targets = NDArrays.concat(new NDList(maps.scales()), 1);
    NDArray loss =
        logits.logSoftmax(2).gather(targets.expandDims(2), 2).squeeze(2).neg().mean(new int[] {0});
    float[] means = new float[scales];
    int begin = 0;
    for (int scale = 0; scale < scales; scale++) {
      int end = switti.architecture().tokensUpTo(scale);
      means[scale] = loss.get(begin + ":" + end).mean().getFloat();
      begin = end;
    }
    return means;
  }
}
