package io.diptych.engine.program;

import ai.djl.ndarray.BaseNDManager;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.lang.reflect.Field;
import java.util.Map;

/** Counts the arrays that a manager and everything below it keep alive. */
public final class LiveArrays {

  private LiveArrays() {}

  /** Arrays in the tree of scopes below a manager. DJL keeps that tree to itself. */
  public static long count(NDManager manager) {
    try {
      Field resources = BaseNDManager.class.getDeclaredField("resources");
      resources.setAccessible(true);
      long count = 0;
      for (Object resource : ((Map<?, ?>) resources.get(manager)).values()) {
        if (resource instanceof NDArray) {
          count++;
        } else if (resource instanceof NDManager child) {
          count += count(child);
        }
      }
      return count;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("DJL has changed; count its arrays in another way.", e);
    }
  }
}
