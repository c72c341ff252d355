package io.diptych.engine;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What one decomposition learned. Plain values: nothing of it lives on a device.
 *
 * @param metadata how it came to be
 * @param tensors by name:
 *     <ul>
 *       <li>{@code content.rows.E}, {@code style.rows.E}: learned rows for text encoder E, (tokens,
 *           width)
 *       <li>{@code content.memory.B.k}, {@code .v} and the same for style: K-V memory of block B,
 *           (pairs, model width); absent when memories are off
 *       <li>{@code projector.E}: rectification projector for text encoder E, (width, width); absent
 *           when rectification is off
 *     </ul>
 */
public record Concept(ConceptMetadata metadata, SortedMap<String, Tensor> tensors) {

  /**
   * A dense fp32 array.
   *
   * @param shape sizes, outermost first
   * @param values row-major; shared, not to be changed
   */
  public record Tensor(long[] shape, float[] values) {
    public Tensor {
      long size = 1;
      for (long side : shape) {
        size *= side;
      }
      if (size != values.length) {
        throw new IllegalArgumentException(
            "The shape holds " + size + " values, but there are " + values.length);
      }
    }
  }

  public Concept {
    tensors = Collections.unmodifiableSortedMap(new TreeMap<>(tensors));
  }

  public Concept(ConceptMetadata metadata, Map<String, Tensor> tensors) {
    this(metadata, new TreeMap<>(tensors));
  }
}
