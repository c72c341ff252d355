package io.diptych.engine.weights;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.program.Weights;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The tensors a model is made of: names and shapes, and names that may be present but are not
 * needed. Checks a file against it in one go and loads what belongs to the model.
 */
public final class TensorSchema {

  private final String model;
  private final SortedMap<String, Shape> shapes = new TreeMap<>();
  private final Set<String> ignored = new TreeSet<>();

  /**
   * An empty schema.
   *
   * @param model what to call the model in errors
   */
  public TensorSchema(String model) {
    this.model = model;
  }

  /** Expects a tensor of real numbers. */
  public TensorSchema tensor(String name, long... shape) {
    if (shapes.put(name, new Shape(shape)) != null) {
      throw new IllegalArgumentException(name + " is expected twice.");
    }
    return this;
  }

  /** Expects {@code PREFIX.weight} of the given shape and {@code PREFIX.bias} of its first size. */
  public TensorSchema withBias(String prefix, long... shape) {
    return tensor(prefix + ".weight", shape).tensor(prefix + ".bias", shape[0]);
  }

  /** Expects scale and shift of a norm: {@code PREFIX.weight} and {@code PREFIX.bias}. */
  public TensorSchema norm(String prefix, long width) {
    return withBias(prefix, width);
  }

  /**
   * Tolerates tensors that the model does not use.
   *
   * @param names full names, last parts of names ({@code lvl_1L}), or beginnings followed by an
   *     asterisk ({@code vision_model.*})
   */
  public TensorSchema ignoring(String... names) {
    ignored.addAll(Set.of(names));
    return this;
  }

  /** Number of weights of all tensors together. */
  public long size() {
    return shapes.values().stream().mapToLong(Shape::size).sum();
  }

  /** Names and shapes, sorted by name. */
  public Map<String, Shape> shapes() {
    return shapes;
  }

  /**
   * Checks names, shapes and types.
   *
   * @throws io.diptych.engine.EngineException of kind {@code MODEL_UNAVAILABLE} listing tensors
   *     that are missing, surplus, of the wrong shape or not of real numbers
   */
  public void check(TensorFile file) {
    Problems problems = new Problems();
    SortedMap<String, TensorSpec> present = file.tensors();
    shapes.forEach(
        (name, shape) -> {
          TensorSpec spec = present.get(name);
          if (spec == null) {
            problems.add(name + " is missing");
          } else if (!spec.shape().equals(shape)) {
            problems.add(name + " has shape " + spec.shape() + " instead of " + shape);
          } else if (!spec.type().isFloating()) {
            problems.add(name + " holds " + spec.type() + " instead of real numbers");
          }
        });
    present.forEach(
        (name, spec) -> {
          if (!shapes.containsKey(name) && !isIgnored(name)) {
            problems.add(name + " is not part of this model");
          }
        });
    problems.throwIfAny(file.name() + " does not hold " + model + ":");
  }

  /**
   * Checks a file and loads the model from it.
   *
   * @param manager owns the weights and names their device
   * @param floats type of the weights; BF16 weights can be passed to programs, but DJL ends the
   *     process when it is asked for their data type
   * @throws io.diptych.engine.EngineException as {@link #check}
   */
  public Weights load(TensorFile file, NDManager manager, DataType floats) {
    check(file);
    Map<String, NDArray> tensors = new TreeMap<>();
    if (floats == DataType.BFLOAT16) {
      try (Bfloat16 bfloat16 = new Bfloat16(manager)) {
        shapes.keySet().forEach(n -> tensors.put(n, bfloat16.narrow(file.load(n, manager))));
      }
    } else {
      shapes.keySet().forEach(n -> tensors.put(n, file.load(n, manager, floats)));
    }
    return Weights.of(tensors);
  }

  private boolean isIgnored(String name) {
    return ignored.stream()
        .anyMatch(
            i ->
                i.endsWith("*")
                    ? name.startsWith(i.substring(0, i.length() - 1))
                    : name.equals(i) || name.endsWith("." + i));
  }
}
