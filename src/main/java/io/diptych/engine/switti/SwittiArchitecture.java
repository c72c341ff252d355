package io.diptych.engine.switti;

import ai.djl.ndarray.NDManager;
import io.diptych.engine.program.Program;
import io.diptych.engine.weights.ModelManifest;
import io.diptych.engine.weights.TensorSchema;
import java.util.List;
import java.util.Map;

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

  /** The sizes that a manifest gives. */
  public static SwittiArchitecture of(ModelManifest manifest) {
    ModelManifest.Switti sizes = manifest.switti();
    return new SwittiArchitecture(
        sizes.depth(),
        sizes.width(),
        sizes.heads(),
        sizes.textWidth(),
        sizes.pooledWidth(),
        manifest.vqvae().zChannels(),
        manifest.vqvae().vocabulary(),
        manifest.scales(),
        sizes.ropeTheta(),
        sizes.ropeSize(),
        sizes.causal(),
        sizes.cropCondition());
  }

  /** Every weight's official name and shape (backbones.md 2.4). */
  public TensorSchema tensors() {
    // The ignored ones, masks and level indices, are computed here.
    TensorSchema all =
        new TensorSchema("a Switti transformer").ignoring("lvl_1L", "attn_bias_for_masking");
    all.tensor("pos_start", 1, 1, width);
    all.withBias("word_embed", width, latentChannels);
    all.withBias("text_pooler", width, pooledWidth);
    all.tensor("lvl_embed.weight", sides.size(), width);
    if (cropCondition) {
      all.tensor("crop_embed.weight", width / 8);
      all.withBias("crop_proj", width, width);
    }
    all.withBias("head_nm.ada_lin.1", 2 * width, width);
    all.withBias("head", codes, width);
    for (int block = 0; block < depth; block++) {
      String p = "blocks." + block + ".";
      if (cropCondition) {
        all.tensor(p + "crop_cond_scales", 1, width);
      }
      all.withBias(p + "attn.to_qkv", 3 * width, width);
      all.withBias(p + "attn.proj", width, width);
      all.withBias(p + "cross_attn.to_q", width, width);
      all.withBias(p + "cross_attn.to_kv", 2 * width, textWidth);
      all.withBias(p + "cross_attn.proj", width, width);
      all.tensor(p + "ffn.up_proj.weight", feedForwardWidth(), width);
      all.tensor(p + "ffn.gate_proj.weight", feedForwardWidth(), width);
      all.tensor(p + "ffn.down_proj.weight", width, feedForwardWidth());
      for (String norm : List.of("self_attention_norm", "cross_attention_norm", "ffn_norm")) {
        all.tensor(p + norm + "1.weight", width);
        all.tensor(p + norm + "2.weight", width);
      }
      all.tensor(p + "attention_y_norm.weight", textWidth);
      all.withBias(p + "ada_lin.1", 6 * width, width);
    }
    return all;
  }

  /**
   * Compiles the program for these sizes.
   *
   * @param halfPrecision whether training steps compute in bfloat16
   * @param manager owns it
   */
  public Program program(boolean halfPrecision, NDManager manager) {
    return Program.load(
        "switti",
        Map.of(
            "depth", depth,
            "heads", heads,
            "sides", sides,
            "rope_theta", ropeTheta,
            "rope_size", ropeSize,
            "causal", causal,
            "crop_condition", cropCondition,
            "half_precision", halfPrecision),
        manager);
  }
}
