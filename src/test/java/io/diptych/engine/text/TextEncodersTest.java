package io.diptych.engine.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.EngineException;
import io.diptych.engine.weights.FormulaWeights;
import io.diptych.engine.weights.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextEncodersTest {

  @TempDir Path folder;

  @Test
  void theEncodersOfAManifestAreLoadedInItsOrder() throws IOException {
    FormulaWeights.write("clip-text-quick_gelu", folder);
    FormulaWeights.write("clip-text-gelu", folder);
    try (NDManager manager = NDManager.newBaseManager()) {
      List<TextEncoder> encoders = load(manager);
      assertThat(encoders).extracting(TextEncoder::width).containsExactly(64, 80);
      Prompt prompt = encoders.get(1).tokenize("a fox", List.of());
      assertThat(encoders.get(1).encode(List.of(prompt), manager).hidden().getShape())
          .isEqualTo(new Shape(1, 4, 80));
      assertThat(encoders.get(0).parameters()).isEqualTo(163_200);
      encoders.forEach(TextEncoder::close);
    }
  }

  @Test
  void aMissingEncoderIsNamed() throws IOException {
    FormulaWeights.write("clip-text-quick_gelu", folder);
    try (NDManager manager = NDManager.newBaseManager()) {
      assertThatThrownBy(() -> load(manager))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("clip-text-gelu.safetensors");
    }
  }

  private List<TextEncoder> load(NDManager manager) throws IOException {
    String manifest =
        """
        {
          "name": "sample", "licence": "MIT", "resolution": 32, "scales": [1, 2],
          "vqvae": {"channels": 32, "channelMultipliers": [1, 1, 1, 1, 1], "residualBlocks": 1,
                    "zChannels": 8, "vocabulary": 16},
          "switti": {"depth": 1, "width": 64, "heads": 1, "textWidth": 144, "pooledWidth": 80,
                     "ropeTheta": 10000, "ropeSize": 128, "causal": true, "cropCondition": true},
          "textEncoders": [
            {"kind": "clip", "layers": 3, "width": 64, "heads": 4, "feedForward": 256,
             "vocabulary": 128, "positions": 77, "maximumTokens": 77, "activation": "quick_gelu",
             "layerNormEpsilon": 1e-5, "projectionWidth": 0},
            {"kind": "clip", "layers": 2, "width": 80, "heads": 5, "feedForward": 320,
             "vocabulary": 128, "positions": 77, "maximumTokens": 77, "activation": "gelu",
             "layerNormEpsilon": 1e-5, "projectionWidth": 0}],
          "files": {
            "vqvae": [{"path": "vqvae.safetensors"}],
            "switti": [{"path": "switti.safetensors"}],
            "text.0": [{"path": "clip-text-quick_gelu.safetensors"}, {"path": "tokenizer.json"}],
            "text.1": [{"path": "clip-text-gelu.safetensors"}, {"path": "tokenizer.json"}]
          }
        }
        """;
    Files.writeString(folder.resolve("model.json"), manifest);
    try (var tokenizer = getClass().getResourceAsStream("/tokenizers/clip-tiny.json")) {
      Files.write(folder.resolve("tokenizer.json"), tokenizer.readAllBytes());
    }
    ModelSource source =
        ModelSource.open(folder.toString(), ModelSource.Settings.offline(folder.resolve("cache")));
    return TextEncoders.load(source, manager, DataType.FLOAT32);
  }
}
