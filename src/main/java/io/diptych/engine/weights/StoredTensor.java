package io.diptych.engine.weights;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;

/** Makes arrays out of stored elements. */
final class StoredTensor {

  private StoredTensor() {}

  /** The type that elements have once they are loaded without a cast. */
  static DataType loadedType(TensorType stored) {
    return stored == TensorType.BF16 ? DataType.FLOAT32 : stored.dataType();
  }

  /**
   * An array of stored elements; on the CPU it is a view of them unless they are cast.
   *
   * @param elements a direct buffer, little-endian
   */
  static NDArray load(TensorSpec spec, ByteBuffer elements, NDManager manager, DataType floats) {
    if (floats == DataType.BFLOAT16) {
      throw new IllegalArgumentException("Single tensors are not loaded as BF16.");
    }
    Shape shape = spec.shape();
    DataType present = loadedType(spec.type());
    DataType wanted = spec.type().isFloating() ? floats : present;
    if (shape.size() == 0) {
      return manager.zeros(shape, wanted);
    }
    ByteBuffer bytes = spec.type() == TensorType.BF16 ? Bfloat16.widen(elements) : elements;
    NDArray array = manager.create(aligned(bytes, present.getNumOfBytes()), shape, present);
    if (wanted == present) {
      return array;
    }
    try (array) {
      return array.toType(wanted, false);
    }
  }

  /** Elements may lie where a processor cannot read them in one access. */
  private static ByteBuffer aligned(ByteBuffer bytes, int elementBytes) {
    if (bytes.alignmentOffset(0, elementBytes) == 0) {
      return bytes;
    }
    return ByteBuffer.allocateDirect(bytes.remaining()).put(bytes).flip();
  }
}
