package io.diptych.engine.backbone;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.Concept;
import io.diptych.engine.Concept.Tensor;
import io.diptych.engine.GenerationRequest;
import io.diptych.engine.csd.Captions;
import io.diptych.engine.csd.ConceptText;
import io.diptych.engine.sample.Sampler.TextCondition;
import io.diptych.engine.text.Prompt;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Prompts of generation requests: slots become the words and learned rows of their concepts, and
 * the style's rows are rectified as they were in training.
 */
final class PromptText {

  private final ConceptText text;

  PromptText(ConceptText text) {
    this.text = text;
  }

  /**
   * A prompt with its slots filled.
   *
   * @param perEncoder as each encoder sees it
   * @param firstStyleRow of the learned table; those before it are the content's
   * @param rows of the learned table
   */
  record Tokens(List<Prompt> perEncoder, int firstStyleRow, int rows) {}

  /** Throws {@code INVALID_OPTIONS} when the text is longer than an encoder takes. */
  Tokens tokenize(GenerationRequest request) {
    List<String> placeholders = new ArrayList<>();
    String prompt = request.prompt();
    if (request.content() != null) {
      Captions captions = Captions.of(request.content().metadata().options());
      prompt = prompt.replace(GenerationRequest.CONTENT_SLOT, captions.contentSlot());
      placeholders.addAll(captions.contentPlaceholders());
    }
    int firstStyleRow = placeholders.size();
    if (request.style() != null) {
      Captions captions = Captions.of(request.style().metadata().options());
      prompt = prompt.replace(GenerationRequest.STYLE_SLOT, captions.styleSlot());
      placeholders.addAll(captions.stylePlaceholders());
    }
    return new Tokens(text.tokenize(prompt, placeholders), firstStyleRow, placeholders.size());
  }

  TextCondition encode(NDManager scope, GenerationRequest request, Tokens tokens) {
    ConceptText.Caption caption =
        text.caption(scope, tokens.perEncoder, tokens.firstStyleRow, tokens.rows);
    List<NDArray> tables = new ArrayList<>();
    List<NDArray> projectors = new ArrayList<>();
    for (int encoder = 0; encoder < caption.prompts().size(); encoder++) {
      tables.add(table(scope, request, encoder));
      Tensor projector =
          request.style() == null ? null : request.style().tensors().get("projector." + encoder);
      if (projector != null) {
        projectors.add(scope.create(projector.values(), new Shape(projector.shape())));
      }
    }
    return text.encode(scope, caption, tables, projectors.isEmpty() ? null : projectors, false);
  }

  private static NDArray table(NDManager scope, GenerationRequest request, int encoder) {
    NDArray content = rows(scope, request.content(), "content.rows." + encoder);
    NDArray style = rows(scope, request.style(), "style.rows." + encoder);
    if (content != null && style != null) {
      return content.concat(style, 0);
    }
    if (content == null && style == null) {
      return scope.zeros(new Shape(1, 1));
    }
    return content == null ? style : content;
  }

  private static @Nullable NDArray rows(NDManager scope, @Nullable Concept concept, String name) {
    if (concept == null) {
      return null;
    }
    Tensor rows = concept.tensors().get(name);
    return scope.create(rows.values(), new Shape(rows.shape()));
  }
}
