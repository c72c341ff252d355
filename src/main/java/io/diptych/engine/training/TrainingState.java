package io.diptych.engine.training;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.EngineException;
import io.diptych.engine.program.Weights;
import io.diptych.engine.weights.Safetensors;
import io.diptych.engine.weights.SafetensorsWriter;
import io.diptych.engine.weights.TensorSchema;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * A model's weights with what AdamW and the moving average remember of each. Programs change all of
 * it in place.
 *
 * <p>In a checkpoint the tensors are named {@code weights.NAME}, {@code first.NAME}, {@code
 * second.NAME} and {@code average.NAME}.
 */
final class TrainingState implements AutoCloseable {

  private static final String WEIGHTS = "weights.";
  private static final String AVERAGE = "average.";

  private final NDManager manager;
  private final Weights weights;
  private final Weights state;
  private final Weights averages;

  private TrainingState(
      NDManager manager, Map<String, NDArray> weights, Map<String, NDArray> state) {
    this.manager = manager;
    Map<String, NDArray> averages = new TreeMap<>();
    weights
        .keySet()
        .forEach(
            name -> {
              NDArray average = state.get(AVERAGE + name);
              averages.put(name, average.reshape(average.getShape())); // shares its memory
            });
    this.weights = Weights.of(weights);
    this.state = Weights.of("state", state);
    this.averages = Weights.of(averages);
  }

  /**
   * Starts from the initial weights.
   *
   * @param counters further tensors of the state, zero at first, by name
   */
  static TrainingState initial(
      TensorSchema schema, long seed, Map<String, Shape> counters, String device) {
    NDManager manager = NDManager.newBaseManager(Device.fromName(device));
    Map<String, NDArray> weights = new TreeMap<>();
    Map<String, NDArray> state = new TreeMap<>();
    schema
        .shapes()
        .forEach(
            (name, shape) -> {
              float[] values = InitialWeights.of(name, shape, seed);
              weights.put(name, manager.create(values, shape));
              state.put("first." + name, manager.zeros(shape));
              state.put("second." + name, manager.zeros(shape));
              state.put(AVERAGE + name, manager.create(values, shape));
            });
    counters.forEach((name, shape) -> state.put(name, manager.zeros(shape)));
    return new TrainingState(manager, weights, state);
  }

  /**
   * Goes on from a checkpoint.
   *
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} when the file does not hold this
   *     model's state
   */
  static TrainingState load(
      TensorSchema schema, Map<String, Shape> counters, Path checkpoint, String device) {
    TensorSchema expected = new TensorSchema("a checkpoint of this model");
    schema
        .shapes()
        .forEach(
            (name, shape) -> {
              for (String part : new String[] {WEIGHTS, "first.", "second.", AVERAGE}) {
                expected.tensor(part + name, shape.getShape());
              }
            });
    counters.forEach((name, shape) -> expected.tensor(name, shape.getShape()));
    NDManager manager = NDManager.newBaseManager(Device.fromName(device));
    try (Safetensors file = Safetensors.open(checkpoint)) {
      expected.check(file);
      Map<String, NDArray> weights = new TreeMap<>();
      Map<String, NDArray> state = new TreeMap<>();
      for (String name : expected.shapes().keySet()) {
        // A mapped array is read-only; training writes.
        try (NDArray mapped = file.load(name, manager, DataType.FLOAT32)) {
          NDArray own = mapped.duplicate();
          if (name.startsWith(WEIGHTS)) {
            weights.put(name.substring(WEIGHTS.length()), own);
          } else {
            state.put(name, own);
          }
        }
      }
      return new TrainingState(manager, weights, state);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /**
   * Takes the averages of another run for weights; what it does not have stays as it is.
   *
   * @param required what it must have
   * @param origin what a weight begins as that the other run does not have
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} when a weight is missing or has
   *     another shape
   */
  void adoptAverages(TensorSchema required, Path checkpoint, UnaryOperator<String> origin) {
    try (Safetensors file = openAverages(required, checkpoint)) {
      weights
          .tensors()
          .forEach(
              (name, weight) -> {
                boolean has = file.tensors().containsKey(AVERAGE + name);
                String source = AVERAGE + (has ? name : origin.apply(name));
                if (file.tensors().containsKey(source)) {
                  try (NDArray found = file.load(source, manager, DataType.FLOAT32)) {
                    // In place: `set` would leave what shares this memory behind.
                    weight.muli(0).addi(found);
                    averages.get(name).muli(0).addi(found);
                  }
                }
              });
    }
  }

  /**
   * The averages of another run under the names of its weights, for use as they are.
   *
   * @param manager owns them
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} when a weight is missing or has
   *     another shape
   */
  static Map<String, NDArray> loadAverages(
      TensorSchema schema, Path checkpoint, NDManager manager) {
    try (Safetensors file = openAverages(schema, checkpoint)) {
      Map<String, NDArray> averages = new TreeMap<>();
      for (String name : schema.shapes().keySet()) {
        try (NDArray mapped = file.load(AVERAGE + name, manager, DataType.FLOAT32)) {
          averages.put(name, mapped.duplicate());
        }
      }
      return averages;
    }
  }

  /** A checkpoint that has the averages of all these weights, whatever else it has. */
  private static Safetensors openAverages(TensorSchema schema, Path checkpoint) {
    TensorSchema expected = new TensorSchema("a checkpoint of this model").ignoring("*");
    schema.shapes().forEach((name, shape) -> expected.tensor(AVERAGE + name, shape.getShape()));
    Safetensors file = Safetensors.open(checkpoint);
    try {
      expected.check(file);
      return file;
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** Writes a checkpoint; it appears complete or not at all. */
  void save(Path checkpoint, Map<String, String> metadata) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    metadata.forEach(writer::metadata);
    weights.tensors().forEach((name, tensor) -> writer.put(WEIGHTS + name, tensor));
    state.tensors().forEach(writer::put);
    writer.write(checkpoint);
  }

  NDManager manager() {
    return manager;
  }

  Weights weights() {
    return weights;
  }

  /** Moments, averages and counters. */
  Weights state() {
    return state;
  }

  /** The moving averages under the names of the weights: what is evaluated and shipped. */
  Weights averages() {
    return averages;
  }

  @Override
  public void close() {
    manager.close();
  }
}
