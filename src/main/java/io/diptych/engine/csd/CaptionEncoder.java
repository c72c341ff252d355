package io.diptych.engine.csd;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.diptych.engine.sample.Sampler.TextCondition;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The three captions of a run, tokenized once, encoded anew with the rows of each step. */
final class CaptionEncoder {

  private final ConceptText text;
  private final CsdProgram program;
  private final ConceptText.Caption full;
  private final ConceptText.Caption content;
  private final ConceptText.Caption style;

  CaptionEncoder(ConceptText text, CsdProgram program, Captions captions, NDManager manager) {
    this.text = text;
    this.program = program;
    int tokens = captions.contentPlaceholders().size();
    this.full = text.caption(manager, captions.full(), captions.placeholders(), tokens, 2 * tokens);
    this.content = text.caption(manager, captions.content(), captions.contentPlaceholders(), 0, 0);
    this.style = text.caption(manager, captions.style(), captions.stylePlaceholders(), 0, tokens);
  }

  TextCondition full(
      NDManager scope,
      List<NDArray> contentRows,
      List<NDArray> styleRows,
      @Nullable List<NDArray> projectors) {
    List<NDArray> rows = new ArrayList<>();
    for (int encoder = 0; encoder < contentRows.size(); encoder++) {
      rows.add(program.join(scope, List.of(contentRows.get(encoder), styleRows.get(encoder)), 0));
    }
    return text.encode(scope, full, rows, projectors, true);
  }

  TextCondition content(NDManager scope, List<NDArray> contentRows) {
    return text.encode(scope, content, contentRows, null, true);
  }

  TextCondition style(
      NDManager scope, List<NDArray> styleRows, @Nullable List<NDArray> projectors) {
    return text.encode(scope, style, styleRows, projectors, true);
  }
}
