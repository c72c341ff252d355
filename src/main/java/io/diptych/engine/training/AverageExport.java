package io.diptych.engine.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.diptych.engine.EngineException;
import io.diptych.engine.vqvae.VqvaeArchitecture;
import io.diptych.engine.weights.Safetensors;
import io.diptych.engine.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Takes the weights that are shipped out of a checkpoint. */
public final class AverageExport {

  private static final String AVERAGE = "average.";

  private AverageExport() {}

  /**
   * Writes the averaged weights as F16 under their own names, without those of what was only
   * trained beside the model.
   *
   * @param metadata free text for the header
   * @param maximumFileBytes bound of one file; larger models become several
   * @return the files with tensors
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} when it is not a checkpoint, or a
   *     weight is not a number or too large for F16
   */
  public static List<Path> write(
      Path checkpoint,
      Path directory,
      String name,
      Map<String, String> metadata,
      long maximumFileBytes)
      throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    metadata.forEach(writer::metadata);
    try (Safetensors file = Safetensors.open(checkpoint);
        NDManager manager = NDManager.newBaseManager()) {
      for (String tensor : file.tensors().keySet()) {
        if (tensor.startsWith(AVERAGE)
            && VqvaeArchitecture.isShipped(tensor.substring(AVERAGE.length()))) {
          try (NDArray half = file.load(tensor, manager, DataType.FLOAT16)) {
            if (!finite(half)) {
              throw new EngineException(
                  EngineException.Kind.MODEL_UNAVAILABLE,
                  "The weight " + tensor + " of " + checkpoint + " does not fit into F16.");
            }
            writer.put(tensor.substring(AVERAGE.length()), half);
          }
        }
      }
    }
    return writer.write(directory, name, maximumFileBytes);
  }

  private static boolean finite(NDArray half) {
    try (NDArray wide = half.toType(DataType.FLOAT32, false)) {
      for (float value : wide.toFloatArray()) {
        if (!Float.isFinite(value)) {
          return false;
        }
      }
      return true;
    }
  }
}
