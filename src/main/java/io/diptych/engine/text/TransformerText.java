package io.diptych.engine.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.EngineException;
import io.diptych.engine.program.Program;
import io.diptych.engine.program.Weights;
import io.diptych.engine.weights.ModelManifest.TextEncoderSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What text transformers have in common: tokenizer, embedding table, batching, padding. */
abstract sealed class TransformerText implements TextEncoder permits ClipText, BertText {

  /** Sub-concepts are encoded in batches of this size, to bound memory. */
  private static final int FEATURE_BATCH = 32;

  final TextEncoderSpec spec;
  final Program program;
  final Weights weights;
  private final CaptionTokenizer tokenizer;
  private final NDManager manager;

  /**
   * An encoder that owns what it is given.
   *
   * @param manager owns program and weights
   */
  TransformerText(
      TextEncoderSpec spec,
      Program program,
      Weights weights,
      CaptionTokenizer tokenizer,
      NDManager manager) {
    this.spec = spec;
    this.program = program;
    this.weights = weights;
    this.tokenizer = tokenizer;
    this.manager = manager;
  }

  @Override
  public int width() {
    return spec.width();
  }

  @Override
  public int pooledWidth() {
    return spec.width();
  }

  @Override
  public int featureWidth(FeatureSpace space) {
    return spec.width();
  }

  @Override
  public int maximumTokens() {
    return spec.maximumTokens();
  }

  @Override
  public long parameters() {
    return weights.size();
  }

  @Override
  public Prompt tokenize(String caption, List<String> placeholders) {
    return tokenizer.tokenize(caption, placeholders);
  }

  @Override
  public NDArray embeddings(String text, NDManager scope) {
    long[] ids = tokenizer.ordinary(text);
    if (ids.length == 0) {
      throw new EngineException(
          EngineException.Kind.INVALID_OPTIONS,
          "The text \"" + text + "\" has no tokens; give a word.");
    }
    return embeddings(Arrays.stream(ids).boxed().toList(), scope);
  }

  @Override
  public NDArray embeddings(List<Long> tokens, NDManager scope) {
    NDArray ids = scope.create(tokens.stream().mapToLong(Long::longValue).toArray());
    return program.call("words", scope).with(weights).with(ids).run().get(0);
  }

  @Override
  public PreparedPrompts prepare(List<Prompt> prompts, NDManager owner) {
    PreparedPrompts prepared = prepare(prompts, owner, true);
    if (prompts.stream().anyMatch(Prompt::hasLearnedRows)) {
      return prepared;
    }
    Encoding constant = run(prepared, noRows(owner), owner, false);
    return new PreparedPrompts(this, prompts, prepared.arguments(), prepared.real(), constant);
  }

  /** What the program takes for these prompts, with or without a computed prefix. */
  abstract PreparedPrompts prepare(List<Prompt> prompts, NDManager owner, boolean reusePrefix);

  @Override
  public Encoding encode(PreparedPrompts prompts, NDArray rows, NDManager scope) {
    return encode(prompts, rows, scope, false);
  }

  @Override
  public Encoding encodeDifferentiably(PreparedPrompts prompts, NDArray rows, NDManager scope) {
    return encode(prompts, rows, scope, true);
  }

  @Override
  public Encoding encode(List<Prompt> prompts, NDArray rows, NDManager scope) {
    return encode(prepare(prompts, scope, false), rows, scope, false);
  }

  @Override
  public Encoding encode(List<Prompt> prompts, NDManager scope) {
    if (prompts.stream().anyMatch(Prompt::hasLearnedRows)) {
      throw new IllegalArgumentException("These prompts need learned rows.");
    }
    return encode(prompts, noRows(scope), scope);
  }

  private Encoding encode(
      PreparedPrompts prompts, NDArray rows, NDManager scope, boolean differentiable) {
    prompts.requirePreparedBy(this);
    Encoding constant = prompts.constant();
    if (constant != null) {
      return constant;
    }
    Shape shape = rows.getShape();
    if (shape.dimension() != 2
        || shape.get(1) != width()
        || shape.get(0) < Math.max(1, prompts.learnedRows())) {
      throw new IllegalArgumentException(
          "Learned rows of shape "
              + shape
              + " do not fit: needed are "
              + prompts.learnedRows()
              + " of width "
              + width()
              + ".");
    }
    return run(prompts, rows, scope, differentiable);
  }

  private Encoding run(
      PreparedPrompts prompts, NDArray rows, NDManager scope, boolean differentiable) {
    List<NDArray> arguments = prompts.arguments();
    Program.Call call =
        program.call("encode", scope).with(weights).with(arguments.get(0)).with(rows);
    arguments.subList(1, arguments.size()).forEach(call::with);
    NDList result = differentiable ? call.runDifferentiably() : call.run();
    return new Encoding(prompts.prompts(), result.get(0), result.get(1), prompts.real());
  }

  @Override
  public NDArray features(List<String> texts, FeatureSpace space, NDManager scope) {
    NDList batches = new NDList();
    for (int from = 0; from < texts.size(); from += FEATURE_BATCH) {
      List<Prompt> prompts = new ArrayList<>();
      for (String text : texts.subList(from, Math.min(texts.size(), from + FEATURE_BATCH))) {
        prompts.add(tokenize(text, List.of()));
      }
      try (NDManager batch = scope.newSubManager()) {
        NDArray features = project(encode(prompts, batch).pooled(), space, batch);
        features.attach(scope);
        batches.add(features);
      }
    }
    try (batches) {
      return NDArrays.concat(batches);
    }
  }

  /** Pooled vectors in the space asked for. */
  NDArray project(NDArray pooled, FeatureSpace space, NDManager scope) {
    return pooled;
  }

  private NDArray noRows(NDManager scope) {
    return scope.zeros(new Shape(1, width()));
  }

  /** (B, T, 1) one for tokens, zero for padding. */
  static NDArray real(List<Prompt> prompts, NDManager owner) {
    int longest = prompts.stream().mapToInt(Prompt::length).max().orElseThrow();
    float[] real = new float[prompts.size() * longest];
    for (int j = 0; j < prompts.size(); j++) {
      for (int t = 0; t < prompts.get(j).length(); t++) {
        real[j * longest + t] = 1;
      }
    }
    return owner.create(real, new Shape(prompts.size(), longest, 1));
  }

  @Override
  public void close() {
    tokenizer.close();
    manager.close();
  }
}
