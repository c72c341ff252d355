package io.diptych.engine.switti;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.GoldenModels;
import io.diptych.engine.program.Weights;
import io.diptych.engine.weights.FormulaWeights;
import io.diptych.engine.weights.Safetensors;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The oracle of the programs: one masked softmax over all tokens and memories at once, in plain DJL
 * operators and in double precision, written from backbones.md 2.3 and 5.6 and sharing no line with
 * {@code switti.py}.
 */
final class NaiveSwitti {

  private final SwittiArchitecture sizes;
  private final Weights weights;
  private final NDManager manager;

  private NaiveSwitti(SwittiArchitecture sizes, Weights weights, NDManager manager) {
    this.sizes = sizes;
    this.weights = weights;
    this.manager = manager;
  }

  static NaiveSwitti ofGolden(boolean causal, NDManager manager) {
    SwittiArchitecture sizes = GoldenModels.swittiArchitecture(causal);
    try (Safetensors file = FormulaWeights.open(causal ? "switti-ar" : "switti")) {
      return new NaiveSwitti(sizes, sizes.tensors().load(file, manager, DataType.FLOAT64), manager);
    }
  }

  /** Teacher-forced logits (B, L, V), no crop. */
  NDArray logits(
      NDArray context,
      NDArray contextBias,
      NDArray pooled,
      NDArray input,
      @Nullable Memories memories) {
    return doubleLogits(
            widened(context), widened(contextBias), widened(pooled), widened(input), memories)
        .toType(DataType.FLOAT32, false);
  }

  private static NDArray widened(NDArray array) {
    return array.toType(DataType.FLOAT64, false);
  }

  private NDArray doubleLogits(
      NDArray context,
      NDArray contextBias,
      NDArray pooled,
      NDArray input,
      @Nullable Memories memories) {
    long batch = context.getShape().get(0);
    int[] level = levels();
    NDArray cond = linear(pooled, "text_pooler");
    NDArray place = linear(cropFeatures(batch), "crop_proj");
    NDArray start = cond.expandDims(1).add(w("pos_start"));
    NDArray x = start.concat(linear(input, "word_embed"), 1);
    NDList perToken = new NDList();
    for (int l : level) {
      perToken.add(w("lvl_embed.weight").get(l));
    }
    x = x.add(NDArrays.stack(perToken));
    for (int block = 0; block < sizes.depth(); block++) {
      String p = "blocks." + block + ".";
      NDArray blockCond = cond.add(place.mul(w(p + "crop_cond_scales")));
      NDList m = linear(silu(blockCond), p + "ada_lin.1").expandDims(1).split(6, 2);
      NDArray h = modulate(rms(x, p + "self_attention_norm1"), m.get(2), m.get(4));
      h = selfAttention(h, p, block, level, memories);
      x = x.add(m.get(0).mul(rms(h, p + "self_attention_norm2")));
      h = crossAttention(rms(x, p + "cross_attention_norm1"), p, context, contextBias);
      x = x.add(rms(h, p + "cross_attention_norm2"));
      h = modulate(rms(x, p + "ffn_norm1"), m.get(3), m.get(5));
      NDArray gate = silu(h.matMul(w(p + "ffn.gate_proj.weight").transpose()));
      h = gate.mul(h.matMul(w(p + "ffn.up_proj.weight").transpose()));
      h = h.matMul(w(p + "ffn.down_proj.weight").transpose());
      x = x.add(m.get(1).mul(rms(h, p + "ffn_norm2")));
    }
    NDList m = linear(silu(cond), "head_nm.ada_lin.1").expandDims(1).split(2, 2);
    return linear(modulate(normalise(x), m.get(0), m.get(1)), "head");
  }

  private NDArray selfAttention(
      NDArray h, String p, int block, int[] level, @Nullable Memories memories) {
    NDList qkv = linear(h, p + "attn.to_qkv").split(3, 2);
    NDArray q = rotate(heads(normalise(qkv.get(0))));
    NDArray k = rotate(heads(normalise(qkv.get(1))));
    NDArray v = heads(qkv.get(2));
    int slot = memories == null ? -1 : memories.blocks().indexOf(block);
    int pairs = slot < 0 ? 0 : memories.fromScale().size();
    if (slot >= 0) {
      k = heads(widened(memories.keys().get(slot))).concat(k, 2);
      v = heads(widened(memories.values().get(slot))).concat(v, 2);
    }
    int tokens = level.length;
    double[] mask = new double[tokens * (pairs + tokens)];
    for (int query = 0; query < tokens; query++) {
      for (int key = 0; key < pairs + tokens; key++) {
        boolean visible;
        if (key < pairs) {
          visible =
              memories.fromScale().get(key) <= level[query]
                  && level[query] < memories.untilScale().get(key);
        } else {
          int other = level[key - pairs];
          visible = sizes.causal() ? other <= level[query] : other == level[query];
        }
        mask[query * (pairs + tokens) + key] = visible ? 0 : Double.NEGATIVE_INFINITY;
      }
    }
    NDArray bias = manager.create(mask, new Shape(1, 1, tokens, pairs + tokens));
    if (slot >= 0 && memories.bias() != null) {
      NDArray own = widened(memories.bias()).get(slot); // (B, pairs)
      NDArray none = manager.zeros(new Shape(own.getShape().get(0), tokens), DataType.FLOAT64);
      bias = bias.add(own.concat(none, 1).expandDims(1).expandDims(1));
    }
    return linear(attention(q, k, v, bias), p + "attn.proj");
  }

  private NDArray crossAttention(NDArray h, String p, NDArray context, NDArray contextBias) {
    NDArray q = heads(normalise(linear(h, p + "cross_attn.to_q")));
    NDList kv = linear(rms(context, p + "attention_y_norm"), p + "cross_attn.to_kv").split(2, 2);
    NDArray k = heads(normalise(kv.get(0)));
    NDArray v = heads(kv.get(1));
    NDArray bias = contextBias.expandDims(1).expandDims(1);
    return linear(attention(q, k, v, bias), p + "cross_attn.proj");
  }

  private static NDArray attention(NDArray q, NDArray k, NDArray v, NDArray bias) {
    double scale = 1 / Math.sqrt(q.getShape().get(3));
    NDArray a = q.matMul(k.transpose(0, 1, 3, 2)).mul(scale).add(bias).softmax(-1).matMul(v);
    NDArray merged = a.transpose(0, 2, 1, 3);
    Shape s = merged.getShape();
    return merged.reshape(s.get(0), s.get(1), s.get(2) * s.get(3));
  }

  private NDArray heads(NDArray x) {
    Shape s = x.getShape();
    return x.reshape(s.get(0), s.get(1), sizes.heads(), s.get(2) / sizes.heads())
        .transpose(0, 2, 1, 3);
  }

  private NDArray rotate(NDArray x) {
    int headDim = sizes.width() / sizes.heads();
    int quarter = headDim / 4;
    List<Double> angles = new ArrayList<>();
    for (int side : sizes.sides()) {
      double unit = side == 1 ? 0 : sizes.ropeSize() / (side - 1);
      for (int row = 0; row < side; row++) {
        for (int column = 0; column < side; column++) {
          for (int half = 0; half < 2; half++) {
            for (int j = 0; j < quarter; j++) {
              double frequency = Math.pow(sizes.ropeTheta(), -4.0 * j / headDim);
              angles.add((half == 0 ? column : row) * unit * frequency);
            }
          }
        }
      }
    }
    double[] cos = new double[2 * angles.size()];
    double[] sin = new double[2 * angles.size()];
    double[] sign = new double[2 * angles.size()];
    for (int i = 0; i < angles.size(); i++) {
      for (int part = 0; part < 2; part++) {
        cos[2 * i + part] = Math.cos(angles.get(i));
        sin[2 * i + part] = Math.sin(angles.get(i));
        sign[2 * i + part] = part == 0 ? -1 : 1;
      }
    }
    Shape shape = new Shape(1, 1, 2L * angles.size() / headDim, headDim);
    // (a, b) -> (-b, a): swaps the two channels of each pair
    Shape full = x.getShape();
    NDArray pairs = x.reshape(full.get(0), full.get(1), full.get(2), headDim / 2, 2);
    NDArray swapped = pairs.flip(4).reshape(full).mul(manager.create(sign, shape));
    return x.mul(manager.create(cos, shape)).add(swapped.mul(manager.create(sin, shape)));
  }

  private NDArray cropFeatures(long batch) {
    double[] frequencies = w("crop_embed.weight").toDoubleArray();
    long[] crop = {512, 512, 0, 0};
    double[] features = new double[8 * frequencies.length];
    for (int i = 0; i < crop.length; i++) {
      for (int j = 0; j < frequencies.length; j++) {
        double angle = 2 * Math.PI * crop[i] * frequencies[j];
        features[2 * i * frequencies.length + j] = Math.sin(angle);
        features[(2 * i + 1) * frequencies.length + j] = Math.cos(angle);
      }
    }
    return manager.create(features, new Shape(1, features.length)).repeat(0, batch);
  }

  private int[] levels() {
    List<Integer> levels = new ArrayList<>();
    for (int scale = 0; scale < sizes.sides().size(); scale++) {
      for (int i = 0; i < sizes.sides().get(scale) * sizes.sides().get(scale); i++) {
        levels.add(scale);
      }
    }
    return levels.stream().mapToInt(i -> i).toArray();
  }

  private static NDArray modulate(NDArray x, NDArray scale, NDArray shift) {
    return x.mul(scale.add(1)).add(shift);
  }

  private NDArray rms(NDArray x, String p) {
    NDArray mean = x.square().mean(new int[] {-1}, true);
    return x.div(mean.add(1e-6).sqrt()).mul(w(p + ".weight"));
  }

  private static NDArray normalise(NDArray x) {
    NDArray centred = x.sub(x.mean(new int[] {-1}, true));
    return centred.div(centred.square().mean(new int[] {-1}, true).add(1e-6).sqrt());
  }

  private static NDArray silu(NDArray x) {
    return x.div(x.neg().exp().add(1));
  }

  private NDArray linear(NDArray x, String p) {
    return x.matMul(w(p + ".weight").transpose()).add(w(p + ".bias"));
  }

  private NDArray w(String name) {
    return weights.get(name);
  }
}
