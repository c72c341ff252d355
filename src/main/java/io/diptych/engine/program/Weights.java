package io.diptych.engine.program;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The weights of one model as programs take them: a dictionary from state-dict name to tensor.
 * Immutable; its arrays carry their argument names for good, so threads can share them.
 */
public final class Weights {

  /** The parameter every program gives its weights: DJL reads {@code w.NAME} as an entry of it. */
  private static final String PARAMETER = "w.";

  private final SortedMap<String, NDArray> tensors;
  private final NDList named;

  private Weights(SortedMap<String, NDArray> tensors) {
    this.tensors = tensors;
    this.named = new NDList(tensors.values());
  }

  public static Weights of(Map<String, NDArray> tensors) {
    return named(PARAMETER, tensors);
  }

  /** Tensors for another dictionary parameter of a program, for example what an optimiser keeps. */
  public static Weights of(String parameter, Map<String, NDArray> tensors) {
    return named(parameter + ".", tensors);
  }

  private static Weights named(String prefix, Map<String, NDArray> tensors) {
    SortedMap<String, NDArray> sorted = new TreeMap<>(tensors);
    sorted.forEach((name, tensor) -> tensor.setName(prefix + name));
    return new Weights(sorted);
  }

  /** The weights whose names pass; shares the tensors. */
  public Weights select(Predicate<String> names) {
    SortedMap<String, NDArray> selected = new TreeMap<>();
    tensors.forEach(
        (name, tensor) -> {
          if (names.test(name)) {
            selected.put(name, tensor);
          }
        });
    return new Weights(selected);
  }

  /** The tensor of that name. */
  public NDArray get(String name) {
    NDArray tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("There is no weight " + name);
    }
    return tensor;
  }

  /** Names and tensors, sorted by name. */
  public Map<String, NDArray> tensors() {
    return tensors;
  }

  /** Number of weights. */
  public long size() {
    return tensors.values().stream().mapToLong(t -> t.getShape().size()).sum();
  }

  static boolean isWeight(String arrayName) {
    return arrayName.startsWith(PARAMETER);
  }

  NDList named() {
    return named;
  }
}
