package io.diptych.engine.text;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A caption as one text encoder sees it: token ids, special tokens included. Ids from the
 * vocabulary's size on stand for rows of a learned table.
 */
public final class Prompt {

  private final String caption;
  private final long[] ids;
  private final int vocabulary;
  private final int endOfText;

  /**
   * A tokenised caption.
   *
   * @param caption the text it came from
   * @param ids token ids, with special tokens, without padding
   * @param vocabulary number of ordinary ids
   * @param endOfText position of the first end-of-text token
   */
  Prompt(String caption, long[] ids, int vocabulary, int endOfText) {
    this.caption = caption;
    this.ids = ids;
    this.vocabulary = vocabulary;
    this.endOfText = endOfText;
  }

  /** The text. */
  public String caption() {
    return caption;
  }

  /** Tokens, special ones included. */
  public int length() {
    return ids.length;
  }

  /** Token ids; learned row i has the id {@code vocabulary + i}. A copy. */
  public long[] ids() {
    return ids.clone();
  }

  /** Whether any token is a learned row. */
  public boolean hasLearnedRows() {
    return firstLearned() < ids.length;
  }

  /**
   * Positions, among this prompt's tokens and so along the context, of learned rows.
   *
   * @param fromRow first row of the group
   * @param toRow row after the last
   */
  public List<Integer> positions(int fromRow, int toRow) {
    return IntStream.range(0, ids.length)
        .filter(t -> ids[t] >= vocabulary + fromRow && ids[t] < vocabulary + toRow)
        .boxed()
        .toList();
  }

  /** The ordinary tokens among this prompt's, each once, special ones included. */
  public List<Long> ordinaryTokens() {
    return Arrays.stream(ids).filter(id -> id < vocabulary).distinct().boxed().toList();
  }

  /**
   * The same prompt with its ordinary tokens read from the learned table too, so that gradients
   * reach them.
   *
   * @param tokens ordinary tokens, all of this prompt's among them
   * @param firstRow where the table holds the row of the first of them; the others follow
   */
  public Prompt withRowsFor(List<Long> tokens, int firstRow) {
    long[] rows =
        Arrays.stream(ids)
            .map(id -> id < vocabulary ? vocabulary + firstRow + tokens.indexOf(id) : id)
            .toArray();
    return new Prompt(caption, rows, vocabulary, endOfText);
  }

  /** Position of the first learned row; the length when there is none. */
  int firstLearned() {
    return IntStream.range(0, ids.length)
        .filter(t -> ids[t] >= vocabulary)
        .findFirst()
        .orElse(ids.length);
  }

  /** Rows that a learned table must have for this prompt. */
  int learnedRows() {
    return Math.toIntExact(
        Arrays.stream(ids).map(id -> id - vocabulary + 1).filter(n -> n > 0).max().orElse(0));
  }

  /** Position of the first end-of-text token. */
  int endOfText() {
    return endOfText;
  }

  long id(int position) {
    return ids[position];
  }
}
