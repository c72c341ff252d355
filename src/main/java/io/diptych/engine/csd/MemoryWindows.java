package io.diptych.engine.csd;

import ai.djl.ndarray.NDArray;
import io.diptych.engine.switti.Memories;
import io.diptych.engine.switti.SwittiArchitecture;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which scales see which memory (backbones.md 5.6). The style memory stands before scale 0, the
 * content memory before scale 3. In a block-causal model every later scale sees them too; in the
 * other kind the style memory ends where the content memory begins. Each is put in once.
 *
 * @param scales of the model
 * @param causal whether it is block-causal
 */
public record MemoryWindows(int scales, boolean causal) {

  /** The windows of a model. */
  public static MemoryWindows of(SwittiArchitecture architecture) {
    return new MemoryWindows(architecture.sides().size(), architecture.causal());
  }

  /**
   * Memories of a batch.
   *
   * @param keys per block (B, stylePairs + contentPairs, C), style first
   * @param bias as in {@link Memories}
   */
  public Memories memories(
      List<Integer> blocks,
      List<NDArray> keys,
      List<NDArray> values,
      int stylePairs,
      int contentPairs,
      @Nullable NDArray bias) {
    List<Integer> from = new ArrayList<>();
    List<Integer> until = new ArrayList<>();
    for (int i = 0; i < stylePairs; i++) {
      from.add(0);
      until.add(causal ? scales : ScaleGroups.FIRST_CONTENT_SCALE);
    }
    for (int i = 0; i < contentPairs; i++) {
      from.add(ScaleGroups.FIRST_CONTENT_SCALE);
      until.add(scales);
    }
    return new Memories(blocks, keys, values, from, until, bias);
  }
}
