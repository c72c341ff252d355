package io.diptych.engine.training;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.diptych.engine.switti.Switti;
import io.diptych.engine.switti.SwittiArchitecture;
import io.diptych.engine.vqvae.Vqvae;
import io.diptych.engine.vqvae.VqvaeArchitecture;
import io.diptych.engine.weights.ModelManifest;
import io.diptych.engine.weights.ModelSource;
import io.diptych.engine.weights.TensorFile;

/**
 * A shipped model, opened for what a service never asks: how well it reconstructs, and how well it
 * predicts. Pictures are planes (B, 3, S, S) in [-1, 1].
 */
public final class FinishedModel implements AutoCloseable {

  private final NDManager manager;
  private final Vqvae vqvae;
  private final Switti switti;

  /**
   * Loads VQ-VAE and transformer.
   *
   * @throws io.diptych.engine.EngineException of kind {@code MODEL_UNAVAILABLE} when files are
   *     missing or damaged
   */
  public FinishedModel(ModelSource source, String device) {
    manager = NDManager.newBaseManager(Device.fromName(device));
    ModelManifest manifest = source.manifest();
    VqvaeArchitecture vqvaeArchitecture = VqvaeArchitecture.of(manifest);
    SwittiArchitecture swittiArchitecture = SwittiArchitecture.of(manifest);
    try (TensorFile vqvaeFile = source.weights("vqvae");
        TensorFile swittiFile = source.weights("switti")) {
      vqvae =
          new Vqvae(
              vqvaeArchitecture,
              vqvaeArchitecture.tensors().load(vqvaeFile, manager, DataType.FLOAT32),
              manager);
      switti =
          new Switti(
              swittiArchitecture,
              swittiArchitecture.tensors().load(swittiFile, manager, DataType.FLOAT32),
              manager);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /** Entries of the codebook. */
  public int codes() {
    return vqvae.architecture().codes();
  }

  /** Pixels of a picture's side. */
  public int resolution() {
    return vqvae.architecture().resolution();
  }

  /** Encodes, quantises and decodes. */
  public Reconstruction reconstruct(float[] pictures) {
    try (NDManager scope = manager.newSubManager()) {
      return Measurements.reconstruct(
          scope, vqvae, Measurements.planes(scope, vqvae, pictures), false);
    }
  }

  /** Mean cross-entropy of every scale. */
  public float[] crossEntropy(float[] pictures, TextBatch text) {
    try (NDManager scope = manager.newSubManager()) {
      return Measurements.crossEntropy(
          scope,
          vqvae,
          switti,
          vqvae.encode(scope, Measurements.planes(scope, vqvae, pictures)),
          text);
    }
  }

  @Override
  public void close() {
    switti.close();
    vqvae.close();
    manager.close();
  }
}
