package io.diptych.engine.csd;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.Concept.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The numbers that one concept (content or style) learns, with their AdamW state. The arrays belong
 * to the run's manager and are changed in place by {@link CsdProgram#adamw}.
 */
final class ParameterGroup {

  static final String PARAMETER = "parameter.";
  static final String FIRST = "first.";
  static final String SECOND = "second.";

  private final List<String> names = new ArrayList<>();
  private final List<NDArray> parameters = new ArrayList<>();
  private final List<NDArray> firstMoments = new ArrayList<>();
  private final List<NDArray> secondMoments = new ArrayList<>();
  private int stepsTaken;

  private ParameterGroup(int stepsTaken) {
    this.stepsTaken = stepsTaken;
  }

  /** A group at the start of a run. */
  static ParameterGroup initial(NDManager manager, SortedMap<String, Tensor> values) {
    ParameterGroup group = new ParameterGroup(0);
    values.forEach(
        (name, tensor) -> {
          float[] zeros = new float[tensor.values().length];
          group.add(manager, name, tensor.shape(), tensor.values(), zeros, zeros);
        });
    return group;
  }

  /**
   * The group of the names in {@code like}, as {@link #save} left it.
   *
   * @throws io.diptych.engine.EngineException of kind {@code INVALID_OPTIONS} when one is missing
   */
  static ParameterGroup restored(
      NDManager manager, Iterable<String> like, Map<String, Tensor> saved, int stepsTaken) {
    ParameterGroup group = new ParameterGroup(stepsTaken);
    for (String name : like) {
      Tensor values = Checkpoint.required(saved, PARAMETER + name);
      group.add(
          manager,
          name,
          values.shape(),
          values.values(),
          Checkpoint.required(saved, FIRST + name).values(),
          Checkpoint.required(saved, SECOND + name).values());
    }
    return group;
  }

  private void add(
      NDManager manager, String name, long[] sizes, float[] values, float[] first, float[] second) {
    Shape shape = new Shape(sizes);
    NDArray parameter = manager.create(values, shape);
    parameter.setRequiresGradient(true);
    names.add(name);
    parameters.add(parameter);
    firstMoments.add(manager.create(first, shape));
    secondMoments.add(manager.create(second, shape));
  }

  List<NDArray> parameters() {
    return parameters;
  }

  List<NDArray> firstMoments() {
    return firstMoments;
  }

  List<NDArray> secondMoments() {
    return secondMoments;
  }

  NDArray parameter(String name) {
    return parameters.get(names.indexOf(name));
  }

  int countStep() {
    return ++stepsTaken;
  }

  int stepsTaken() {
    return stepsTaken;
  }

  /** The learned numbers as they are now. */
  SortedMap<String, Tensor> values() {
    SortedMap<String, Tensor> values = new TreeMap<>();
    for (int i = 0; i < names.size(); i++) {
      values.put(names.get(i), tensor(parameters.get(i)));
    }
    return values;
  }

  /** Everything, for a checkpoint. */
  void save(Map<String, Tensor> into) {
    for (int i = 0; i < names.size(); i++) {
      into.put(PARAMETER + names.get(i), tensor(parameters.get(i)));
      into.put(FIRST + names.get(i), tensor(firstMoments.get(i)));
      into.put(SECOND + names.get(i), tensor(secondMoments.get(i)));
    }
  }

  private static Tensor tensor(NDArray array) {
    return new Tensor(array.getShape().getShape(), array.toFloatArray());
  }
}
