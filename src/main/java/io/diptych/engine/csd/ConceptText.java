package io.diptych.engine.csd;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.diptych.engine.Concept.Tensor;
import io.diptych.engine.DecompositionOptions.Rectification.Space;
import io.diptych.engine.program.Program;
import io.diptych.engine.sample.Sampler.TextCondition;
import io.diptych.engine.text.Encoding;
import io.diptych.engine.text.PreparedPrompts;
import io.diptych.engine.text.Prompt;
import io.diptych.engine.text.TextEncoder;
import io.diptych.engine.text.TextEncoder.FeatureSpace;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The text encoders of a backbone with learned rows and rectification: their hidden states side by
 * side are the context, the last one's pooled vector is the condition. Thread-safe.
 */
public final class ConceptText {

  private final List<TextEncoder> encoders;
  private final CsdProgram program;
  private final TextCondition empty;

  /**
   * Encodes the empty prompt once, for guidance and condition dropout.
   *
   * @param manager owns that
   */
  public ConceptText(List<TextEncoder> encoders, CsdProgram program, NDManager manager) {
    this.encoders = List.copyOf(encoders);
    this.program = program;
    TextCondition condition = encode(manager, "");
    this.empty =
        new TextCondition(Program.share(condition.context()), Program.share(condition.pooled()));
  }

  /**
   * A caption as all encoders take it, with everything computed that does not depend on rows.
   *
   * @param prompts per encoder
   * @param rectified per encoder, positions (n,) that rectification is for; empty if none
   */
  public record Caption(List<PreparedPrompts> prompts, List<NDArray> rectified) {}

  int encoders() {
    return encoders.size();
  }

  /** The empty prompt. */
  public TextCondition empty() {
    return empty;
  }

  /**
   * Prepares a caption.
   *
   * @param owner keeps what is computed
   * @param tokenized the caption as {@link #tokenize} gave it
   * @param fromRow first row whose output is rectified
   * @param toRow row after the last; equal to {@code fromRow} for none
   */
  public Caption caption(NDManager owner, List<Prompt> tokenized, int fromRow, int toRow) {
    List<PreparedPrompts> prompts = new ArrayList<>();
    List<NDArray> rectified = new ArrayList<>();
    for (int i = 0; i < encoders.size(); i++) {
      Prompt prompt = tokenized.get(i);
      prompts.add(encoders.get(i).prepare(List.of(prompt), owner));
      if (toRow > fromRow) {
        rectified.add(
            owner.create(
                prompt.positions(fromRow, toRow).stream().mapToLong(Integer::longValue).toArray()));
      }
    }
    return new Caption(prompts, rectified);
  }

  /**
   * A caption as each encoder sees it.
   *
   * @param placeholders texts that stand for rows 0, 1, ... of the learned table
   * @throws io.diptych.engine.EngineException of kind {@code INVALID_OPTIONS} when it is too long
   */
  public List<Prompt> tokenize(String text, List<String> placeholders) {
    return encoders.stream().map(encoder -> encoder.tokenize(text, placeholders)).toList();
  }

  /** (tokens, width): the ordinary embedding rows of an encoder's tokens. */
  NDArray embeddings(NDManager scope, int encoder, List<Long> tokens) {
    return encoders.get(encoder).embeddings(tokens, scope);
  }

  /**
   * Encodes a caption.
   *
   * @param rows per encoder, the learned table (n, width)
   * @param projectors per encoder, (width, width); null: no rectification
   * @param differentiable whether gradients are to flow to the rows
   */
  public TextCondition encode(
      NDManager scope,
      Caption caption,
      List<NDArray> rows,
      @Nullable List<NDArray> projectors,
      boolean differentiable) {
    List<NDArray> contexts = new ArrayList<>();
    NDArray pooled = null;
    for (int i = 0; i < encoders.size(); i++) {
      PreparedPrompts prompts = caption.prompts.get(i);
      Encoding encoding =
          differentiable
              ? encoders.get(i).encodeDifferentiably(prompts, rows.get(i), scope)
              : encoders.get(i).encode(prompts, rows.get(i), scope);
      NDArray hidden = encoding.hidden();
      if (projectors != null && !caption.rectified.isEmpty()) {
        hidden =
            program.rectify(
                scope, hidden, caption.rectified.get(i), projectors.get(i), differentiable);
      }
      contexts.add(hidden);
      pooled = encoding.pooled();
    }
    NDArray context = contexts.size() == 1 ? contexts.get(0) : program.join(scope, contexts, 2);
    return new TextCondition(context, pooled);
  }

  /** Encodes a caption without learned rows. */
  TextCondition encode(NDManager scope, String text) {
    Caption caption = caption(scope, tokenize(text, List.of()), 0, 0);
    // No placeholder refers to these.
    List<NDArray> rows = encoders.stream().map(e -> e.embeddings("a", scope)).toList();
    return encode(scope, caption, rows, null, false);
  }

  /**
   * The pooled vector alone of a caption: the condition. Other encoders than the last have no part
   * in it.
   */
  NDArray pooled(NDManager scope, Caption caption, NDArray rowsOfTheLast) {
    int last = encoders.size() - 1;
    return encoders
        .get(last)
        .encodeDifferentiably(caption.prompts.get(last), rowsOfTheLast, scope)
        .pooled();
  }

  /**
   * Where learned rows start from (backbones.md 5.2): content copies the first token of its words,
   * style repeats the first tokens of its words in turn.
   *
   * @return per encoder, (tokens, width)
   * @throws io.diptych.engine.EngineException of kind {@code INVALID_OPTIONS} when a word has no
   *     tokens
   */
  List<Tensor> initialRows(NDManager manager, String words, int tokens, boolean firstTokenOnly) {
    return encoders.stream()
        .map(encoder -> initialRows(manager, encoder, words, tokens, firstTokenOnly))
        .toList();
  }

  private static Tensor initialRows(
      NDManager manager, TextEncoder text, String words, int tokens, boolean firstTokenOnly) {
    String[] parts = firstTokenOnly ? new String[] {words} : words.strip().split("\\s+");
    int width = text.width();
    float[] rows = new float[tokens * width];
    try (NDManager scope = manager.newSubManager()) {
      for (int i = 0; i < tokens; i++) {
        float[] embedding = text.embeddings(parts[i % parts.length], scope).toFloatArray();
        System.arraycopy(embedding, 0, rows, i * width, width);
      }
    }
    return new Tensor(new long[] {tokens, width}, rows);
  }

  /** (n, width): one vector per line, in the space asked for. */
  NDArray features(NDManager scope, int encoder, List<String> lines, Space space) {
    FeatureSpace where = space == Space.JOINT ? FeatureSpace.JOINT : FeatureSpace.HIDDEN;
    return encoders.get(encoder).features(lines, where, scope);
  }
}
