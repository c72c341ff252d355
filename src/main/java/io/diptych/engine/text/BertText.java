package io.diptych.engine.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.program.Program;
import io.diptych.engine.program.Weights;
import io.diptych.engine.weights.ModelManifest.TextEncoderSpec;
import io.diptych.engine.weights.TensorFile;
import io.diptych.engine.weights.TensorSchema;
import java.util.List;
import java.util.Map;

/**
 * all-MiniLM-L6-v2. The pooled vector is the mean of the last hidden states of all real tokens,
 * start and end included, as in sentence-transformers, but not of unit length. Attention looks both
 * ways, so nothing but a prompt without learned rows is constant.
 */
final class BertText extends TransformerText {

  private BertText(
      TextEncoderSpec spec,
      Program program,
      Weights weights,
      CaptionTokenizer tokenizer,
      NDManager manager) {
    super(spec, program, weights, tokenizer, manager);
  }

  static BertText load(
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
              "bert_text",
              Map.of(
                  "depth", spec.layers(),
                  "heads", spec.heads(),
                  "epsilon", spec.layerNormEpsilon()),
              manager);
      return new BertText(spec, program, weights, tokenizer, manager);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  private static TensorSchema schema(TextEncoderSpec spec) {
    int width = spec.width();
    TensorSchema schema =
        new TensorSchema("the text encoder")
            .tensor("embeddings.word_embeddings.weight", spec.vocabulary(), width)
            .tensor("embeddings.position_embeddings.weight", spec.positions(), width)
            .tensor("embeddings.token_type_embeddings.weight", 2, width)
            .norm("embeddings.LayerNorm", width)
            .ignoring("position_ids", "pooler.*");
    for (int i = 0; i < spec.layers(); i++) {
      String block = "encoder.layer." + i;
      schema
          .withBias(block + ".attention.self.query", width, width)
          .withBias(block + ".attention.self.key", width, width)
          .withBias(block + ".attention.self.value", width, width)
          .withBias(block + ".attention.output.dense", width, width)
          .norm(block + ".attention.output.LayerNorm", width)
          .withBias(block + ".intermediate.dense", spec.feedForward(), width)
          .withBias(block + ".output.dense", width, spec.feedForward())
          .norm(block + ".output.LayerNorm", width);
    }
    return schema;
  }

  @Override
  PreparedPrompts prepare(List<Prompt> prompts, NDManager owner, boolean reusePrefix) {
    int longest = prompts.stream().mapToInt(Prompt::length).max().orElseThrow();
    long[] ids = new long[prompts.size() * longest];
    for (int j = 0; j < prompts.size(); j++) {
      for (int t = 0; t < prompts.get(j).length(); t++) {
        ids[j * longest + t] = prompts.get(j).id(t);
      }
    }
    NDArray real = real(prompts, owner);
    return new PreparedPrompts(
        this,
        prompts,
        List.of(owner.create(ids, new Shape(prompts.size(), longest)), real),
        real,
        null);
  }
}
