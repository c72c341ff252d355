package io.diptych.engine.vqvae;

import ai.djl.ndarray.NDManager;
import io.diptych.engine.program.Program;
import io.diptych.engine.weights.ModelManifest;
import io.diptych.engine.weights.TensorSchema;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Sizes of a VQ-VAE (backbones.md 1.1).
 *
 * @param channels width of the first level
 * @param channelMultipliers width of each level in units of {@code channels}, fine to coarse
 * @param residualBlocks per encoder level; decoder levels have one more
 * @param latentChannels d, also the width of a codeword
 * @param codes V, entries of the codebook
 * @param sides side of each scale's token map, coarse to fine; the last is the latent map's
 * @param grain channels of noise that each level of the decoder but the coarsest is given; 0 for
 *     none, as in official tokenizers
 * @param drawnLevels how many of the decoder's finest levels are there twice, for pictures' own
 *     tokens and for those that a transformer drew; 0 for none, as in official tokenizers
 */
public record VqvaeArchitecture(
    int channels,
    List<Integer> channelMultipliers,
    int residualBlocks,
    int latentChannels,
    int codes,
    List<Integer> sides,
    int grain,
    int drawnLevels) {

  private static final String OWN = "decoder.";
  private static final String DRAWN = "decoder.drawn.";

  /** Pixels of a picture's side. */
  public int resolution() {
    return sides.get(sides.size() - 1) << (channelMultipliers.size() - 1);
  }

  /** Tokens of all scales, L. */
  public int tokens() {
    return sides.stream().mapToInt(side -> side * side).sum();
  }

  /** The sizes that a manifest gives. */
  public static VqvaeArchitecture of(ModelManifest manifest) {
    ModelManifest.VqVae sizes = manifest.vqvae();
    return new VqvaeArchitecture(
        sizes.channels(),
        sizes.channelMultipliers(),
        sizes.residualBlocks(),
        sizes.zChannels(),
        sizes.vocabulary(),
        manifest.scales(),
        Objects.requireNonNullElse(sizes.grain(), 0),
        Objects.requireNonNullElse(sizes.drawnLevels(), 0));
  }

  /** The same without grain and drawn levels: what a run has at least that another starts from. */
  public VqvaeArchitecture plain() {
    return new VqvaeArchitecture(
        channels, channelMultipliers, residualBlocks, latentChannels, codes, sides, 0, 0);
  }

  /** What a weight begins as in a run that starts from another: the drawn levels, as the others. */
  public static String origin(String weight) {
    return weight.startsWith(DRAWN) ? OWN + weight.substring(DRAWN.length()) : weight;
  }

  /** Every weight's official name and shape (backbones.md 1.5). */
  public TensorSchema tensors() {
    TensorSchema all = new TensorSchema("a VQ-VAE").ignoring("ema_vocab_hit_SV");
    conv(all, "encoder.conv_in", channels, 3, 3);
    int width = channels;
    int coarsest = channelMultipliers.size() - 1;
    for (int level = 0; level <= coarsest; level++) {
      String p = "encoder.down." + level;
      width = level(all, p, width, level, residualBlocks);
      if (level < coarsest) {
        conv(all, p + ".downsample.conv", width, width, 3);
      }
    }
    middle(all, "encoder.mid", width);
    norm(all, "encoder.norm_out", width);
    conv(all, "encoder.conv_out", latentChannels, width, 3);
    conv(all, "quant_conv", latentChannels, latentChannels, 3);
    conv(all, "post_quant_conv", latentChannels, latentChannels, 3);
    conv(all, "decoder.conv_in", width, latentChannels, 3);
    middle(all, "decoder.mid", width);
    up(all, OWN, width, coarsest);
    if (drawnLevels > 0) {
      up(all, DRAWN, channels * channelMultipliers.get(drawnLevels), drawnLevels - 1);
    }
    all.tensor("quantize.embedding.weight", codes, latentChannels);
    for (int j = 0; j < 4; j++) {
      conv(all, "quantize.quant_resi.qresi_ls." + j, latentChannels, latentChannels, 3);
    }
    return all;
  }

  private static final String DISCRIMINATOR = "discriminator.";
  private static final String READER = "reader.";
  private static final int READER_WIDTH = 128;

  /** Whether a weight in training belongs to the model itself, not to what is trained beside it. */
  public static boolean isShipped(String weight) {
    return !weight.startsWith(DISCRIMINATOR) && !weight.startsWith(READER);
  }

  /**
   * The model and what is trained beside it and not shipped.
   *
   * @param discriminator whether there is a discriminator of its pictures
   * @param classes how many classes a judge knows whose verdict a reader is to tell from the
   *     quantised map; 0 for no reader
   */
  public TensorSchema tensorsInTraining(boolean discriminator, int classes) {
    TensorSchema all = tensors();
    if (discriminator) {
      discriminator(all);
    }
    if (classes > 0) {
      all.withBias(READER + "hidden", READER_WIDTH, 4 * latentChannels)
          .withBias(READER + "out", classes, READER_WIDTH);
    }
    return all;
  }

  private void discriminator(TensorSchema all) {
    int width = 3;
    int last = channelMultipliers.size() - 1;
    for (int k = 0; k <= last; k++) {
      String p = DISCRIMINATOR + "stages." + k;
      int output = Math.min(64 << k, 128);
      if (k < last) {
        conv(all, p + ".conv", output, width, 4);
      } else {
        conv(all, p + ".conv", output, width + latentChannels, 3);
      }
      if (k > 0 && k < last) {
        norm(all, p + ".norm", output);
      }
      conv(all, p + ".verdict", 1, output, 3);
      width = output;
    }
  }

  /** The decoder from a level on. */
  private void up(TensorSchema all, String path, int input, int coarsest) {
    int width = input;
    for (int level = coarsest; level >= 0; level--) {
      String p = path + "up." + level;
      if (grain > 0 && level < channelMultipliers.size() - 1) {
        all.tensor(p + ".grain.weight", width, grain, 1, 1);
      }
      width = level(all, p, width, level, residualBlocks + 1);
      if (level > 0) {
        conv(all, p + ".upsample.conv", width, width, 3);
      }
    }
    norm(all, path + "norm_out", width);
    conv(all, path + "conv_out", 3, width, 3);
  }

  private int level(TensorSchema all, String p, int input, int level, int blocks) {
    int width = input;
    int output = channels * channelMultipliers.get(level);
    for (int i = 0; i < blocks; i++) {
      residual(all, p + ".block." + i, width, output);
      width = output;
      if (level == channelMultipliers.size() - 1) {
        attention(all, p + ".attn." + i, width);
      }
    }
    return width;
  }

  private static void middle(TensorSchema all, String p, int width) {
    residual(all, p + ".block_1", width, width);
    attention(all, p + ".attn_1", width);
    residual(all, p + ".block_2", width, width);
  }

  private static void residual(TensorSchema all, String p, int input, int output) {
    norm(all, p + ".norm1", input);
    conv(all, p + ".conv1", output, input, 3);
    norm(all, p + ".norm2", output);
    conv(all, p + ".conv2", output, output, 3);
    if (input != output) {
      conv(all, p + ".nin_shortcut", output, input, 1);
    }
  }

  private static void attention(TensorSchema all, String p, int width) {
    norm(all, p + ".norm", width);
    conv(all, p + ".qkv", 3 * width, width, 1);
    conv(all, p + ".proj_out", width, width, 1);
  }

  private static void conv(TensorSchema all, String p, int output, int input, int kernel) {
    all.withBias(p, output, input, kernel, kernel);
  }

  private static void norm(TensorSchema all, String p, int width) {
    all.withBias(p, width);
  }

  public VqvaeArchitecture {
    channelMultipliers = List.copyOf(channelMultipliers);
    sides = List.copyOf(sides);
  }

  /**
   * Compiles the program for these sizes.
   *
   * @param halfPrecision whether training steps compute in bfloat16
   * @param manager owns it
   */
  public Program program(boolean halfPrecision, NDManager manager) {
    return Program.load(
        "vqvae",
        Map.of(
            "levels", channelMultipliers.size(),
            "residual_blocks", residualBlocks,
            "sides", sides,
            "half_precision", halfPrecision),
        manager);
  }
}
