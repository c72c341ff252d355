package io.diptych.engine.csd;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.diptych.engine.sample.Sampler.TextCondition;
import io.diptych.engine.text.Prompt;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The captions of a run, tokenized once, encoded anew with the rows of each step.
 *
 * <p>In the authors' code every token of a caption has a gradient. Those of ordinary words change
 * nothing but the norm that gradients are clipped to (backbones.md 5.4 d); an encoder that follows
 * them reads all tokens from the learned table, behind the learned rows.
 */
final class CaptionEncoder {

  private final ConceptText text;
  private final CsdProgram program;
  private final ConceptText.Caption full;
  private final ConceptText.Caption content;
  private final ConceptText.Caption style;
  private final ConceptText.@Nullable Caption empty;
  private final List<NDArray> ordinaryRows = new ArrayList<>();

  /**
   * Tokenizes the captions.
   *
   * @param manager keeps what is computed
   * @param ordinaryGradients whether gradients reach the ordinary words
   */
  CaptionEncoder(
      ConceptText text,
      CsdProgram program,
      Captions captions,
      NDManager manager,
      boolean ordinaryGradients) {
    this.text = text;
    this.program = program;
    int tokens = captions.contentPlaceholders().size();
    List<Prompt> ofFull = text.tokenize(captions.full(), captions.placeholders());
    List<Prompt> ofContent = text.tokenize(captions.content(), captions.contentPlaceholders());
    List<Prompt> ofStyle = text.tokenize(captions.style(), captions.stylePlaceholders());
    if (ordinaryGradients) {
      List<Prompt> ofEmpty = text.tokenize("", List.of());
      List<List<Long>> ordinary = new ArrayList<>();
      for (int i = 0; i < text.encoders(); i++) {
        int encoder = i;
        ordinary.add(
            Stream.of(ofFull, ofContent, ofStyle, ofEmpty)
                .flatMap(prompts -> prompts.get(encoder).ordinaryTokens().stream())
                .distinct()
                .toList());
        ordinaryRows.add(parameter(i, ordinary.get(i), manager));
      }
      ofFull = withRows(ofFull, ordinary, 2 * tokens);
      ofContent = withRows(ofContent, ordinary, tokens);
      ofStyle = withRows(ofStyle, ordinary, tokens);
      this.empty = text.caption(manager, withRows(ofEmpty, ordinary, 0), 0, 0);
    } else {
      this.empty = null;
    }
    this.full = text.caption(manager, ofFull, tokens, 2 * tokens);
    this.content = text.caption(manager, ofContent, 0, 0);
    this.style = text.caption(manager, ofStyle, 0, tokens);
  }

  private NDArray parameter(int encoder, List<Long> tokens, NDManager manager) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray rows = text.embeddings(scope, encoder, tokens).duplicate();
      rows.attach(manager);
      rows.setRequiresGradient(true);
      return rows;
    }
  }

  private static List<Prompt> withRows(
      List<Prompt> prompts, List<List<Long>> ordinary, int firstRow) {
    List<Prompt> changed = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      changed.add(prompts.get(i).withRowsFor(ordinary.get(i), firstRow));
    }
    return changed;
  }

  /** Per encoder, the rows of all ordinary words; none when gradients do not reach them. */
  List<NDArray> ordinaryRows() {
    return ordinaryRows;
  }

  TextCondition full(
      NDManager scope,
      List<NDArray> contentRows,
      List<NDArray> styleRows,
      @Nullable List<NDArray> projectors) {
    return text.encode(scope, full, table(scope, contentRows, styleRows), projectors, true);
  }

  TextCondition content(NDManager scope, List<NDArray> contentRows) {
    return text.encode(scope, content, table(scope, contentRows), null, true);
  }

  TextCondition style(
      NDManager scope, List<NDArray> styleRows, @Nullable List<NDArray> projectors) {
    return text.encode(scope, style, table(scope, styleRows), projectors, true);
  }

  /** The pooled vector of the full caption. */
  NDArray pooled(NDManager scope, List<NDArray> contentRows, List<NDArray> styleRows) {
    List<NDArray> table = table(scope, contentRows, styleRows);
    return text.pooled(scope, full, table.get(table.size() - 1));
  }

  /** The pooled vector of the empty prompt, which condition dropout takes. */
  NDArray empty(NDManager scope) {
    return empty == null
        ? text.empty().pooled()
        : text.pooled(scope, empty, ordinaryRows.get(ordinaryRows.size() - 1));
  }

  /** Per encoder, the learned rows of these concepts and then the ordinary ones. */
  @SafeVarargs
  private List<NDArray> table(NDManager scope, List<NDArray>... concepts) {
    List<NDArray> tables = new ArrayList<>();
    for (int i = 0; i < text.encoders(); i++) {
      List<NDArray> parts = new ArrayList<>();
      for (List<NDArray> concept : concepts) {
        parts.add(concept.get(i));
      }
      if (!ordinaryRows.isEmpty()) {
        parts.add(ordinaryRows.get(i));
      }
      tables.add(parts.size() == 1 ? parts.get(0) : program.join(scope, parts, 0));
    }
    return tables;
  }
}
