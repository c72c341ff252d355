package io.diptych.engine.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;

/**
 * A frozen text encoder into which learned embedding rows can be put. Safe for use by several
 * threads at once.
 */
public interface TextEncoder extends AutoCloseable {

  /** Which space the vectors of sub-concepts are taken from (backbones.md 5.5). */
  enum FeatureSpace {
    /** After {@code text_projection}, as in the official code; encoders without one give HIDDEN. */
    JOINT,
    /** The pooled hidden state: the space that the style rows' outputs are in. */
    HIDDEN
  }

  /** Width of hidden states and of learned rows. */
  int width();

  /** Width of the pooled vector. */
  int pooledWidth();

  /** Width of {@link #features}. */
  int featureWidth(FeatureSpace space);

  /** Tokens of the longest prompt, special tokens included. */
  int maximumTokens();

  /** Number of weights. */
  long parameters();

  /**
   * Tokenises a caption. Placeholders are found before anything else, longest first; the text
   * around them is tokenised as if each of them ended it.
   *
   * @param caption any text; empty for the unconditional prompt
   * @param placeholders texts that stand for learned rows 0, 1, 2, ...
   * @throws io.diptych.engine.EngineException of kind {@code INVALID_OPTIONS} when the caption is
   *     longer than the encoder takes
   */
  Prompt tokenize(String caption, List<String> placeholders);

  /**
   * (tokens, width): the ordinary embedding rows of a text without special tokens, to start learned
   * rows from.
   *
   * @throws io.diptych.engine.EngineException of kind {@code INVALID_OPTIONS} when the text has no
   *     tokens
   */
  NDArray embeddings(String text, NDManager scope);

  /** (tokens, width): the ordinary embedding rows of tokens. */
  NDArray embeddings(List<Long> tokens, NDManager scope);

  /**
   * Computes what does not depend on learned rows: everything for prompts without them, and for a
   * causal encoder keys, values and states of all tokens before the first one.
   *
   * @param owner keeps the result; on the encoder's device
   */
  PreparedPrompts prepare(List<Prompt> prompts, NDManager owner);

  /**
   * Encodes prepared prompts without autograd. Equal to encoding the whole prompts.
   *
   * @param rows (n, width) learned rows; ignored when no prompt has any
   * @param scope owns the result, unless no prompt has learned rows: then the owner of the prompts
   *     does
   */
  Encoding encode(PreparedPrompts prompts, NDArray rows, NDManager scope);

  /** As {@link #encode(PreparedPrompts, NDArray, NDManager)}, with gradients to the rows. */
  Encoding encodeDifferentiably(PreparedPrompts prompts, NDArray rows, NDManager scope);

  /**
   * Encodes prompts once, without autograd and without keeping anything.
   *
   * @param rows (n, width) learned rows; ignored when no prompt has any
   */
  Encoding encode(List<Prompt> prompts, NDArray rows, NDManager scope);

  /** Encodes prompts without learned rows. */
  Encoding encode(List<Prompt> prompts, NDManager scope);

  /**
   * (n, featureWidth): one vector per text, neither centred nor of unit length.
   *
   * @throws io.diptych.engine.EngineException of kind {@code INVALID_OPTIONS} when a text is too
   *     long
   */
  NDArray features(List<String> texts, FeatureSpace space, NDManager scope);

  @Override
  void close();
}
