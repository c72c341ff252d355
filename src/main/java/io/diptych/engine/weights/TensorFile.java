package io.diptych.engine.weights;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.io.Closeable;
import java.util.SortedMap;

/** Named tensors in a file, or in several files that together hold one model. */
public sealed interface TensorFile extends Closeable permits Safetensors, OnnxFile {

  /** What to call it in messages. */
  String name();

  /** Types and shapes by name, sorted. */
  SortedMap<String, TensorSpec> tensors();

  /**
   * Loads a tensor as it is stored; BF16 becomes F32.
   *
   * @param manager owns the result and names its device
   */
  NDArray load(String tensor, NDManager manager);

  /**
   * Loads a tensor.
   *
   * @param manager owns the result and names its device
   * @param floats the type that real numbers are cast to, not BF16, which DJL cannot make (see
   *     {@link TensorSchema#load}); integers and booleans stay as stored
   */
  NDArray load(String tensor, NDManager manager, DataType floats);

  /** Closes the files. Arrays loaded before stay valid. */
  @Override
  void close();
}
