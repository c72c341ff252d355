package io.diptych.engine.text;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Prompts with everything computed that does not depend on learned rows. Its arrays belong to the
 * manager it was prepared in. Only the encoder that prepared it can encode it.
 */
public final class PreparedPrompts {

  private final TextEncoder encoder;
  private final List<Prompt> prompts;
  private final int learnedRows;
  private final List<NDArray> arguments;
  private final NDArray real;
  private final @Nullable Encoding constant;

  /**
   * Prepared prompts.
   *
   * @param arguments what the encoder's program takes besides the learned rows
   * @param real (B, T, 1) one for tokens
   * @param constant the whole result, when no prompt has learned rows
   */
  PreparedPrompts(
      TextEncoder encoder,
      List<Prompt> prompts,
      List<NDArray> arguments,
      NDArray real,
      @Nullable Encoding constant) {
    this.encoder = encoder;
    this.prompts = List.copyOf(prompts);
    this.learnedRows = prompts.stream().mapToInt(Prompt::learnedRows).max().orElse(0);
    this.arguments = List.copyOf(arguments);
    this.real = real;
    this.constant = constant;
  }

  /** The prompts, in order. */
  public List<Prompt> prompts() {
    return prompts;
  }

  /** Rows that the learned table must have at least. */
  public int learnedRows() {
    return learnedRows;
  }

  List<NDArray> arguments() {
    return arguments;
  }

  NDArray real() {
    return real;
  }

  @Nullable Encoding constant() {
    return constant;
  }

  void requirePreparedBy(TextEncoder asking) {
    if (asking != encoder) {
      throw new IllegalArgumentException("These prompts were prepared by another encoder.");
    }
  }
}
