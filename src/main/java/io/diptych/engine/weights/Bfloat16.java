package io.diptych.engine.weights;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.diptych.engine.program.Program;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Map;

/**
 * BF16 without DJL's help: its native library does not know the type and ends the process when it
 * is asked to make, cast or name such an array. Programs know the type, so an array that a program
 * made may be passed to programs.
 */
final class Bfloat16 implements AutoCloseable {

  private final NDManager manager;
  private final Program cast;

  /**
   * Casts on the device of a manager.
   *
   * @param parent a manager on that device
   */
  Bfloat16(NDManager parent) {
    manager = parent.newSubManager();
    cast = Program.load("cast", Map.of(), manager);
  }

  /**
   * The array as BF16, in the same manager. Its data type must never be asked for.
   *
   * @param array real numbers; closed
   */
  NDArray narrow(NDArray array) {
    return apply("bfloat16", array);
  }

  /** The array as F32, in the same manager; the argument is closed. */
  NDArray widen(NDArray array) {
    return apply("float32", array);
  }

  private NDArray apply(String method, NDArray array) {
    try (array;
        NDManager scope = manager.newSubManager()) {
      NDArray result = cast.call(method, scope).with(array).run().get(0);
      result.attach(array.getManager());
      return result;
    }
  }

  /** Stored BF16 as F32: it is the upper half of one. */
  static ByteBuffer widen(ByteBuffer stored) {
    ShortBuffer from = stored.order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
    ByteBuffer wide =
        ByteBuffer.allocateDirect(Math.multiplyExact(from.remaining(), Float.BYTES))
            .order(ByteOrder.nativeOrder());
    FloatBuffer to = wide.asFloatBuffer();
    for (int i = 0; i < from.limit(); i++) {
      to.put(i, Float.intBitsToFloat(from.get(i) << Short.SIZE));
    }
    return wide;
  }

  @Override
  public void close() {
    manager.close();
  }
}
