package io.diptych.engine.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.program.Program;
import io.diptych.engine.program.Weights;
import io.diptych.engine.weights.ModelManifest.TextEncoderSpec;
import io.diptych.engine.weights.ModelManifest.TextEncoderSpec.Activation;
import io.diptych.engine.weights.TensorFile;
import io.diptych.engine.weights.TensorSchema;
import java.util.List;
import java.util.Map;

/**
 * The text half of CLIP. Causal: tokens before the first learned row never change, so their keys,
 * values and states are computed once. The pooled vector is the last hidden state, after the final
 * norm, at the first end-of-text token; learned rows have higher ids than it, so the highest id
 * would not do.
 */
final class ClipText extends TransformerText {

  private static final String PROJECTION = "text_projection.weight";

  private ClipText(
      TextEncoderSpec spec,
      Program program,
      Weights weights,
      CaptionTokenizer tokenizer,
      NDManager manager) {
    super(spec, program, weights, tokenizer, manager);
  }

  static ClipText load(
      TextEncoderSpec spec,
      TensorFile file,
      CaptionTokenizer tokenizer,
      NDManager parent,
      DataType type) {
    NDManager manager = parent.newSubManager();
    try {
      Weights weights = schema(spec).load(file, manager, type);
      Program program =
          Program.load(
              "clip_text",
              Map.of(
                  "depth", spec.layers(),
                  "heads", spec.heads(),
                  "epsilon", spec.layerNormEpsilon(),
                  "quick", spec.activation() == Activation.QUICK_GELU),
              manager);
      return new ClipText(spec, program, weights, tokenizer, manager);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  private static TensorSchema schema(TextEncoderSpec spec) {
    int width = spec.width();
    TensorSchema schema =
        new TensorSchema("the text encoder")
            .tensor("text_model.embeddings.token_embedding.weight", spec.vocabulary(), width)
            .tensor("text_model.embeddings.position_embedding.weight", spec.positions(), width)
            .norm("text_model.final_layer_norm", width)
            .ignoring("position_ids", "logit_scale", "vision_model.*", "visual_projection.weight");
    for (int i = 0; i < spec.layers(); i++) {
      String block = "text_model.encoder.layers." + i;
      schema
          .withBias(block + ".self_attn.q_proj", width, width)
          .withBias(block + ".self_attn.k_proj", width, width)
          .withBias(block + ".self_attn.v_proj", width, width)
          .withBias(block + ".self_attn.out_proj", width, width)
          .norm(block + ".layer_norm1", width)
          .norm(block + ".layer_norm2", width)
          .withBias(block + ".mlp.fc1", spec.feedForward(), width)
          .withBias(block + ".mlp.fc2", width, spec.feedForward());
    }
    return spec.projectionWidth() == 0
        ? schema.ignoring(PROJECTION)
        : schema.tensor(PROJECTION, spec.projectionWidth(), width);
  }

  @Override
  public int featureWidth(FeatureSpace space) {
    return projects(space) ? spec.projectionWidth() : spec.width();
  }

  @Override
  NDArray project(NDArray pooled, FeatureSpace space, NDManager scope) {
    return projects(space)
        ? program.call("project", scope).with(weights).with(pooled).run().get(0)
        : pooled;
  }

  private boolean projects(FeatureSpace space) {
    return space == FeatureSpace.JOINT && spec.projectionWidth() > 0;
  }

  @Override
  PreparedPrompts prepare(List<Prompt> prompts, NDManager owner, boolean reusePrefix) {
    Layout layout = new Layout(prompts, reusePrefix);
    NDList prefix = prefix(layout, owner);
    NDArray real = real(prompts, owner);
    int batch = prompts.size();
    List<NDArray> arguments =
        List.of(
            owner.create(layout.ids(), new Shape(batch, layout.rest)),
            owner.create(layout.positions(), new Shape(batch, layout.rest)),
            owner.create(
                layout.attention(), new Shape(batch, 1, layout.rest, layout.prefix + layout.rest)),
            prefix.get(0),
            prefix.get(1),
            prefix.get(2),
            owner.create(layout.order()),
            real,
            owner.create(layout.endsOfText()));
    return new PreparedPrompts(this, prompts, arguments, real, null);
  }

  /** Keys and values (depth, B, heads, P, headDim) and last hidden states (B, P, width). */
  private NDList prefix(Layout layout, NDManager owner) {
    int batch = layout.prompts.size();
    if (layout.prefix == 0) {
      Shape empty = new Shape(spec.layers(), batch, spec.heads(), 0, spec.width() / spec.heads());
      return new NDList(
          owner.zeros(empty), owner.zeros(empty), owner.zeros(new Shape(batch, 0, spec.width())));
    }
    try (NDManager scope = owner.newSubManager()) {
      NDArray ids = scope.create(layout.prefixIds(), new Shape(batch, layout.prefix));
      NDList prefix = program.call("prefix", scope).with(weights).with(ids).run();
      prefix.attach(owner);
      return prefix;
    }
  }

  /**
   * How a batch is laid out: every prompt is cut at its first learned row; prefixes are padded to
   * {@code prefix} tokens and rests to {@code rest}, both at the end.
   */
  private static final class Layout {

    private final List<Prompt> prompts;
    private final int[] cuts;
    private final int prefix;
    private final int rest;
    private final int longest;

    Layout(List<Prompt> prompts, boolean reusePrefix) {
      this.prompts = prompts;
      this.cuts = prompts.stream().mapToInt(p -> reusePrefix ? p.firstLearned() : 0).toArray();
      int longestPrefix = 0;
      int longestRest = 1; // attention over no queries at all is not worth a special case
      int longestPrompt = 0;
      for (int j = 0; j < cuts.length; j++) {
        longestPrefix = Math.max(longestPrefix, cuts[j]);
        longestRest = Math.max(longestRest, prompts.get(j).length() - cuts[j]);
        longestPrompt = Math.max(longestPrompt, prompts.get(j).length());
      }
      this.prefix = longestPrefix;
      this.rest = longestRest;
      this.longest = longestPrompt;
    }

    /** (B, P); padding is token 0, which nothing looks at. */
    long[] prefixIds() {
      long[] ids = new long[cuts.length * prefix];
      for (int j = 0; j < cuts.length; j++) {
        for (int t = 0; t < cuts[j]; t++) {
          ids[j * prefix + t] = prompts.get(j).id(t);
        }
      }
      return ids;
    }

    /** (B, S). */
    long[] ids() {
      long[] ids = new long[cuts.length * rest];
      for (int j = 0; j < cuts.length; j++) {
        for (int t = cuts[j]; t < prompts.get(j).length(); t++) {
          ids[j * rest + t - cuts[j]] = prompts.get(j).id(t);
        }
      }
      return ids;
    }

    /** (B, S): positions of the rests; padding shares the last one. */
    long[] positions() {
      long[] positions = new long[cuts.length * rest];
      for (int j = 0; j < cuts.length; j++) {
        for (int s = 0; s < rest; s++) {
          positions[j * rest + s] = Math.min(cuts[j] + s, prompts.get(j).length() - 1);
        }
      }
      return positions;
    }

    /** (B, S, P + S): a token sees its whole prefix and the rest up to itself. */
    boolean[] attention() {
      int keys = prefix + rest;
      boolean[] visible = new boolean[cuts.length * rest * keys];
      for (int j = 0; j < cuts.length; j++) {
        for (int s = 0; s < rest; s++) {
          int row = (j * rest + s) * keys;
          for (int k = 0; k < keys; k++) {
            visible[row + k] = k < prefix ? k < cuts[j] : k - prefix <= s;
          }
        }
      }
      return visible;
    }

    /** (B * T): where each token of a prompt lies among B times (P + S). */
    long[] order() {
      long[] order = new long[cuts.length * longest];
      for (int j = 0; j < cuts.length; j++) {
        for (int t = 0; t < longest; t++) {
          int token = Math.min(t, prompts.get(j).length() - 1);
          int place = token < cuts[j] ? token : prefix + token - cuts[j];
          order[j * longest + t] = (long) j * (prefix + rest) + place;
        }
      }
      return order;
    }

    /** (B): where the first end of text of each prompt lies among B times T. */
    long[] endsOfText() {
      long[] ends = new long[cuts.length];
      for (int j = 0; j < cuts.length; j++) {
        ends[j] = (long) j * longest + prompts.get(j).endOfText();
      }
      return ends;
    }
  }
}
