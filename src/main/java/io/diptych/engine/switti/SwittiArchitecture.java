package io.diptych.engine.switti;

import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Sizes of a Switti transformer (backbones.md 2.3).
 *
 * @param depth blocks
 * @param width C
 * @param heads of both attentions
 * @param textWidth width of the text tokens
 * @param pooledWidth width of the pooled text vector
 * @param latentChannels d, width of a scale's input
 * @param codes V, vocabulary of the head
 * @param sides side of each scale's token map, coarse to fine
 * @param ropeTheta base of the rotary frequencies
 * @param ropeSize length to which every scale's coordinates are stretched
 * @param causal whether a scale sees all coarser ones (AR) or itself alone
 * @param cropCondition whether the model is told the crop of its training pictures
 */
public record SwittiArchitecture(
    int depth,
    int width,
    int heads,
    int textWidth,
    int pooledWidth,
    int latentChannels,
    int codes,
    List<Integer> sides,
    double ropeTheta,
    double ropeSize,
    boolean causal,
    boolean cropCondition) {

  public SwittiArchitecture {
    sides = List.copyOf(sides);
    if (width % heads != 0 || width / heads % 4 != 0) {
      throw new IllegalArgumentException(
          "A width of " + width + " cannot be split into " + heads + " heads of a multiple of 4.");
    }
  }

  /** Tokens of scales 0..scale, scale included; 0 for -1. */
  public int tokensUpTo(int scale) {
    return sides.subList(0, scale + 1).stream().mapToInt(side -> side * side).sum();
  }

  /** Hidden width of the feed-forward layers. */
  public int feedForwardWidth() {
    return width * 8 / 3;
  }

  /** Every weight's official name and shape (backbones.md 2.4). */
  public SortedMap<String, Shape> tensors() {
    SortedMap<String, Shape> all = new TreeMap<>();
    all.put("pos_start", new Shape(1, 1, width));
    linear(all, "word_embed", width, latentChannels);
    linear(all, "text_pooler", width, pooledWidth);
    all.put("lvl_embed.weight", new Shape(sides.size(), width));
    if (cropCondition) {
      all.put("crop_embed.weight", new Shape(width / 8));
      linear(all, "crop_proj", width, width);
    }
    linear(all, "head_nm.ada_lin.1", 2 * width, width);
    linear(all, "head", codes, width);
    for (int block = 0; block < depth; block++) {
      String p = "blocks." + block + ".";
      if (cropCondition) {
        all.put(p + "crop_cond_scales", new Shape(1, width));
      }
      linear(all, p + "attn.to_qkv", 3 * width, width);
      linear(all, p + "attn.proj", width, width);
      linear(all, p + "cross_attn.to_q", width, width);
      linear(all, p + "cross_attn.to_kv", 2 * width, textWidth);
      linear(all, p + "cross_attn.proj", width, width);
      all.put(p + "ffn.up_proj.weight", new Shape(feedForwardWidth(), width));
      all.put(p + "ffn.gate_proj.weight", new Shape(feedForwardWidth(), width));
      all.put(p + "ffn.down_proj.weight", new Shape(width, feedForwardWidth()));
      for (String norm : List.of("self_attention_norm", "cross_attention_norm", "ffn_norm")) {
        all.put(p + norm + "1.weight", new Shape(width));
        all.put(p + norm + "2.weight", new Shape(width));
      }
      all.put(p + "attention_y_norm.weight", new Shape(textWidth));
      linear(all, p + "ada_lin.1", 6 * width, width);
    }
    return all;
  }

  /** Names in official checkpoints that are computed here: masks and level indices. */
  public static List<String> ignoredTensors() {
    return List.of("lvl_1L", "attn_bias_for_masking");
  }

  private static void linear(SortedMap<String, Shape> all, String p, int output, int input) {
    all.put(p + ".weight", new Shape(output, input));
    all.put(p + ".bias", new Shape(output));
  }
}
