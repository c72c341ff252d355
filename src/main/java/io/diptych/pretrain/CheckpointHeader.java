package io.diptych.pretrain;

import io.diptych.engine.weights.Safetensors;
import java.nio.file.Path;
import java.util.Map;

/** The free text at the head of a checkpoint. */
final class CheckpointHeader {

  private CheckpointHeader() {}

  static Map<String, String> read(Path checkpoint) {
    try (Safetensors file = Safetensors.open(checkpoint)) {
      return file.metadata();
    }
  }

  /** The settings that the checkpoint's run had when it was written. */
  static RunSettings settings(Path checkpoint) {
    String settings = read(checkpoint).get("settings");
    if (settings == null) {
      throw new PretrainException(checkpoint + " is not a checkpoint of a training run.");
    }
    return RunSettings.parse(settings);
  }
}
