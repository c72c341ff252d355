package io.diptych.engine.weights;

import ai.djl.ndarray.types.DataType;
import org.jspecify.annotations.Nullable;

/** Element types of a safetensors file that this engine reads; names are those of the format. */
public enum TensorType {
  F64(DataType.FLOAT64),
  F32(DataType.FLOAT32),
  F16(DataType.FLOAT16),
  BF16(DataType.BFLOAT16),
  I64(DataType.INT64),
  I32(DataType.INT32),
  I8(DataType.INT8),
  U8(DataType.UINT8),
  BOOL(DataType.BOOLEAN);

  private final DataType dataType;

  TensorType(DataType dataType) {
    this.dataType = dataType;
  }

  /** The same type as DJL names it. */
  public DataType dataType() {
    return dataType;
  }

  /** Bytes of one element. */
  public int bytes() {
    return dataType.getNumOfBytes();
  }

  /** Whether it holds real numbers, which are cast on load. */
  public boolean isFloating() {
    return dataType.isFloating();
  }

  static @Nullable TensorType named(String name) {
    for (TensorType type : values()) {
      if (type.name().equals(name)) {
        return type;
      }
    }
    return null;
  }

  static TensorType of(DataType dataType) {
    for (TensorType type : values()) {
      if (type.dataType == dataType) {
        return type;
      }
    }
    throw new IllegalArgumentException("Safetensors has no type for " + dataType + ".");
  }
}
