package io.diptych.engine.switti;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Augmented K-V memories (CSD-VAR eq. 12) for one batch: pairs put before the keys and values of
 * the self-attention of some blocks, neither normalised nor rotated.
 *
 * @param blocks 0-based blocks that have memories, each once, in any order
 * @param keys per such block, (B, M, C)
 * @param values per such block, (B, M, C)
 * @param fromScale per pair, first scale whose queries see it
 * @param untilScale per pair, first scale whose queries no longer see it
 * @param bias (blocks, B, M), 0, or -inf where a row of the batch has no such pair in that block;
 *     null: all rows have all
 */
public record Memories(
    List<Integer> blocks,
    List<NDArray> keys,
    List<NDArray> values,
    List<Integer> fromScale,
    List<Integer> untilScale,
    @Nullable NDArray bias) {

  public Memories {
    if (blocks.isEmpty() || keys.size() != blocks.size() || values.size() != blocks.size()) {
      throw new IllegalArgumentException("Keys and values are needed for each block.");
    }
    if (fromScale.isEmpty() || fromScale.size() != untilScale.size()) {
      throw new IllegalArgumentException("Each pair needs the scales that see it.");
    }
  }
}
