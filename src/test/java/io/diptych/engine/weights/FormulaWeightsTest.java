package io.diptych.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FormulaWeightsTest {

  @Test
  void theFormulaGivesTheStoredVectorsBitForBit() {
    try (Safetensors clip = FormulaWeights.golden("clip-text-gelu");
        Safetensors switti = FormulaWeights.golden("switti-ar");
        Safetensors sampling = FormulaWeights.golden("sampling")) {
      assertThat(FormulaWeights.values("cotangent", 2 * 77 * 80, 1, 0, 1))
          .containsExactly(clip.floats("cotangent"));
      assertThat(FormulaWeights.values("prompt_embeds", 2 * 9 * 2048, 1.7, 0, 1))
          .containsExactly(switti.floats("prompt_embeds"));
      assertThat(FormulaWeights.values("sampling.logits", 2 * 5 * 256, 6, 0, 1))
          .containsExactly(sampling.floats("logits"));
    }
  }

  @Test
  void everyGoldenModelIsWrittenAndReadBack() {
    for (String model :
        new String[] {"vqvae", "switti-ar", "switti", "clip-text-quick_gelu", "clip-text-gelu"}) {
      try (Safetensors file = FormulaWeights.open(model)) {
        assertThat(file.tensors()).hasSizeGreaterThan(30);
      }
    }
  }
}
