package io.diptych.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.switti.Switti;
import io.diptych.engine.switti.SwittiArchitecture;
import io.diptych.engine.vqvae.Vqvae;
import io.diptych.engine.vqvae.VqvaeArchitecture;
import io.diptych.engine.weights.FormulaWeights;
import io.diptych.engine.weights.Safetensors;
import java.util.List;
import java.util.Random;

/** The models of the reference vectors, and comparisons with them. */
public final class GoldenModels {

  public static final List<Integer> SIDES = List.of(1, 2, 3, 4, 6, 9);

  public static final VqvaeArchitecture VQVAE =
      new VqvaeArchitecture(32, List.of(1, 1, 2, 2, 4), 2, 32, 256, SIDES, 0, 0);

  private GoldenModels() {}

  public static SwittiArchitecture swittiArchitecture(boolean causal) {
    return new SwittiArchitecture(2, 128, 2, 2048, 1280, 32, 256, SIDES, 10000, 128, causal, true);
  }

  public static Vqvae vqvae(NDManager manager) {
    try (Safetensors file = FormulaWeights.open("vqvae")) {
      return new Vqvae(VQVAE, VQVAE.tensors().load(file, manager, DataType.FLOAT32), manager);
    }
  }

  public static Switti switti(boolean causal, NDManager manager) {
    SwittiArchitecture architecture = swittiArchitecture(causal);
    try (Safetensors file = FormulaWeights.open(causal ? "switti-ar" : "switti")) {
      return new Switti(
          architecture, architecture.tensors().load(file, manager, DataType.FLOAT32), manager);
    }
  }

  /** Normal random numbers, the same for the same seed. */
  public static NDArray normal(NDManager manager, long seed, long... shape) {
    Shape of = new Shape(shape);
    Random random = new Random(seed);
    float[] values = new float[Math.toIntExact(of.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return manager.create(values, of);
  }

  /** Largest absolute difference. */
  public static double distance(NDArray actual, NDArray expected) {
    assertThat(actual.getShape()).isEqualTo(expected.getShape());
    float[] a = actual.toFloatArray();
    float[] b = expected.toFloatArray();
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = Math.abs((double) a[i] - b[i]);
      largest = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(largest, difference);
    }
    return largest;
  }

  /** Largest absolute difference in units of the expected array's largest element. */
  public static double relativeDistance(NDArray actual, NDArray expected) {
    double scale = 0;
    for (float value : expected.toFloatArray()) {
      scale = Math.max(scale, Math.abs(value));
    }
    return distance(actual, expected) / scale;
  }

  /** Prints a figure of agreement and asserts its bound. */
  public static void assertAgreement(String what, double distance, double bound) {
    System.out.printf("golden: %-45s %.2e (bound %.0e)%n", what, distance, bound);
    assertThat(distance).as(what).isLessThanOrEqualTo(bound);
  }
}
