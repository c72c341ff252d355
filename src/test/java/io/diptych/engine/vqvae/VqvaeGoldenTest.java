package io.diptych.engine.vqvae;

import static io.diptych.engine.GoldenModels.assertAgreement;
import static io.diptych.engine.GoldenModels.distance;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.GoldenModels;
import io.diptych.engine.program.Weights;
import io.diptych.engine.weights.FormulaWeights;
import io.diptych.engine.weights.Safetensors;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class VqvaeGoldenTest {

  @Test
  void aPictureBecomesTheReferencesTokensAndThePictureOfThem() {
    try (NDManager manager = NDManager.newBaseManager();
        Safetensors golden = FormulaWeights.golden("vqvae");
        Vqvae vqvae = GoldenModels.vqvae(manager)) {
      NDArray latent = vqvae.encode(manager, golden.load("image", manager));
      assertAgreement(
          "vqvae encoder features",
          distance(latent, golden.load("encoder_features", manager)),
          1e-4);

      TokenMaps maps = vqvae.quantize(manager, latent);
      assertThat(maps.scales()).hasSize(6);
      for (int scale = 0; scale < 6; scale++) {
        assertThat(maps.scales().get(scale).toLongArray())
            .isEqualTo(golden.load("tokens." + scale, manager).toLongArray());
      }
      assertAgreement(
          "vqvae teacher-forcing input",
          distance(maps.teacherForcingInput(), golden.load("switti_input", manager)),
          1e-4);

      NDArray sum = vqvae.emptySum(manager, 2);
      long begin = 0;
      for (int scale = 0; scale < 6; scale++) {
        Vqvae.Accumulated next = vqvae.accumulate(manager, sum, maps.scales().get(scale), scale);
        sum = next.sum();
        if (scale < 5) {
          long end = begin + next.nextInput().getShape().get(1);
          NDArray share = maps.teacherForcingInput().get(":, " + begin + ":" + end);
          assertThat(distance(next.nextInput(), share)).isLessThanOrEqualTo(1e-5);
          begin = end;
        }
      }
      assertAgreement(
          "vqvae reconstruction",
          distance(vqvae.decode(manager, sum), golden.load("reconstruction", manager)),
          1e-4);
    }
  }

  @Test
  void theSharedConvolutionsServeTheScalesOfTheSpecification() {
    // backbones.md 1.3: K=10: 0 0 1 1 1 2 2 3 3 3; K=14: 0 0 0 1 1 1 1 2 2 2 2 3 3 3
    assertThat(phiOf(10)).containsExactly(0, 0, 1, 1, 1, 2, 2, 3, 3, 3);
    assertThat(phiOf(14)).containsExactly(0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3);
  }

  /** Finds the convolution of each scale by its bias, the only thing not zero in this codebook. */
  private static int[] phiOf(int scales) {
    List<Integer> sides = Collections.nCopies(scales, 1);
    VqvaeArchitecture architecture = new VqvaeArchitecture(32, List.of(1), 1, 32, 4, sides, 0, 0);
    try (NDManager manager = NDManager.newBaseManager()) {
      Map<String, NDArray> weights = new TreeMap<>();
      architecture
          .tensors()
          .shapes()
          .forEach(
              (name, shape) -> {
                NDArray tensor = manager.zeros(shape);
                if (name.startsWith("quantize.quant_resi") && name.endsWith("bias")) {
                  int index = name.charAt(name.length() - 6) - '0';
                  tensor = tensor.add(2f * index);
                }
                weights.put(name, tensor);
              });
      int[] phi = new int[scales];
      try (Vqvae vqvae = new Vqvae(architecture, Weights.of(weights), manager)) {
        for (int scale = 0; scale < scales; scale++) {
          NDArray token = manager.create(new long[] {0}, new Shape(1, 1));
          NDArray sum = vqvae.accumulate(manager, vqvae.emptySum(manager, 1), token, scale).sum();
          phi[scale] = Math.round(sum.toFloatArray()[0]);
        }
      }
      return phi;
    }
  }
}
