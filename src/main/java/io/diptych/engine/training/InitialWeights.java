package io.diptych.engine.training;

import ai.djl.ndarray.types.Shape;

/**
 * The weights that training starts from: uniform around a centre, by {@link Draws} with the
 * weight's name. Blocks begin with open but weak branches, the tokenizer's scale maps near the
 * identity, heads near zero. {@code tools/draws.py} makes the same weights.
 */
final class InitialWeights {

  private InitialWeights() {}

  /** Elements in row-major order. */
  static float[] of(String name, Shape shape, long seed) {
    int count = Math.toIntExact(shape.size());
    double spread = deviation(name, shape) * Math.sqrt(3);
    double[] uniform = Draws.uniform(seed, name, count);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (spread * (2 * uniform[i] - 1) + centre(name, shape, i));
    }
    return values;
  }

  private static double deviation(String name, Shape shape) {
    if (name.endsWith(".bias") || name.contains("norm")) {
      return 0;
    }
    if (name.equals("pos_start") || name.equals("lvl_embed.weight")) {
      return 0.1;
    }
    if (name.equals("quantize.embedding.weight")) {
      return 0.02;
    }
    return gain(name) / Math.sqrt(shape.size() / shape.get(0));
  }

  private static double gain(String name) {
    if (name.equals("head.weight") || name.contains(".ada_lin.") || name.contains(".qresi_ls.")) {
      return 0.2;
    }
    if (name.contains(".conv2.") || name.contains(".proj_out.")) {
      return 0.5;
    }
    return name.equals("text_pooler.weight") ? 4 : 1;
  }

  private static double centre(String name, Shape shape, int element) {
    if (name.endsWith("cross_attention_norm2.weight")) {
      return 0.3;
    }
    if (name.endsWith(".weight") && name.contains("norm")) {
      return 1;
    }
    if (name.startsWith("blocks.") && name.endsWith("ada_lin.1.bias")) {
      return element < shape.get(0) / 3 ? 0.3 : 0; // both gates
    }
    if (name.contains(".qresi_ls.") && name.endsWith(".weight")) {
      long row = shape.get(1) * 9;
      return element % row == element / row * 9 + 4 ? 1 : 0;
    }
    return 0;
  }
}
