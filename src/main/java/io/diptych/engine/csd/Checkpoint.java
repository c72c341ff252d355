package io.diptych.engine.csd;

import io.diptych.engine.Concept.Tensor;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.EngineException;
import io.diptych.engine.weights.Safetensors;
import io.diptych.engine.weights.SafetensorsWriter;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * A run between two steps: safetensors with parameters, moments and projectors, and the rest in the
 * header. Random choices are functions of the seed and the step, so the step is all there is to
 * keep of them.
 *
 * @param state the scalars
 * @param tensors by name
 */
record Checkpoint(State state, SortedMap<String, Tensor> tensors) {

  private static final String FORMAT = "diptych.checkpoint";
  private static final String VERSION = "1";
  static final String EVALUATED = "evaluated.";
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /**
   * What a checkpoint holds beside tensors.
   *
   * @param options of the run
   * @param backboneDigest of the model
   * @param pictureDigest SHA-256 of the pixels the run decomposes, hex
   * @param subConceptSource where the sub-concepts came from
   * @param step steps done
   * @param contentSteps AdamW steps the content group has taken
   * @param styleSteps AdamW steps the style group has taken
   * @param losses of each step
   */
  record State(
      DecompositionOptions options,
      String backboneDigest,
      String pictureDigest,
      String subConceptSource,
      int step,
      int contentSteps,
      int styleSteps,
      List<Double> losses) {

    private boolean complete() {
      return Stream.of(options, backboneDigest, pictureDigest, subConceptSource, losses)
          .allMatch(Objects::nonNull);
    }
  }

  byte[] write() {
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .metadata(FORMAT, VERSION)
            .metadata("state", JSON.writeValueAsString(state));
    tensors.forEach((name, tensor) -> writer.put(name, tensor.values(), tensor.shape()));
    return writer.toBytes();
  }

  /**
   * Reads a checkpoint and makes sure that it belongs to this run.
   *
   * @throws EngineException of kind {@code INVALID_OPTIONS} when it is damaged or of another run
   */
  static Checkpoint read(
      byte[] bytes, DecompositionOptions options, String backboneDigest, String pictureDigest) {
    Checkpoint checkpoint = read(bytes);
    State state = checkpoint.state;
    // Words that the options leave open were found when the run began, and stay.
    DecompositionOptions found = state.options();
    if (!found.equals(options.orWords(found.contentWord(), found.styleWord()))) {
      throw refused("was made with other options");
    }
    if (!state.backboneDigest().equals(backboneDigest)) {
      throw refused("was made on another model");
    }
    if (!state.pictureDigest().equals(pictureDigest)) {
      throw refused("was made from another picture");
    }
    checkpoint.requireWhole();
    return checkpoint;
  }

  /** Every parameter with its moments, its projector, and its state at the evaluated step. */
  private void requireWhole() {
    for (String name : tensors.keySet()) {
      if (!name.startsWith(ParameterGroup.PARAMETER)) {
        continue;
      }
      String plain = name.substring(ParameterGroup.PARAMETER.length());
      required(tensors, ParameterGroup.FIRST + plain);
      required(tensors, ParameterGroup.SECOND + plain);
      if (state.options.rectification() != null && plain.startsWith("style.rows.")) {
        required(tensors, "projector." + plain.substring("style.rows.".length()));
      }
      if (state.step >= state.options.evaluatedStep()) {
        required(tensors, EVALUATED + plain);
      }
    }
  }

  /**
   * A tensor that a run cannot go on without.
   *
   * @throws EngineException of kind {@code INVALID_OPTIONS} when it is missing
   */
  static Tensor required(Map<String, Tensor> tensors, String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw refused("lacks " + name);
    }
    return tensor;
  }

  /**
   * Reads a checkpoint of whichever run.
   *
   * @throws EngineException of kind {@code INVALID_OPTIONS} when it is damaged
   */
  static Checkpoint read(byte[] bytes) {
    try (Safetensors file = Safetensors.read(bytes, "the checkpoint")) {
      if (!VERSION.equals(file.metadata().get(FORMAT))) {
        throw refused("is not a checkpoint of this version");
      }
      String header = file.metadata().get("state");
      State state = header == null ? null : JSON.readValue(header, State.class);
      if (state == null || !state.complete()) {
        throw refused("has an incomplete header");
      }
      SortedMap<String, Tensor> tensors = new TreeMap<>();
      file.tensors()
          .forEach(
              (name, spec) ->
                  tensors.put(name, new Tensor(spec.shape().getShape(), file.floats(name))));
      return new Checkpoint(state, tensors);
    } catch (JacksonException e) {
      throw refused("has a header that cannot be read");
    } catch (EngineException e) {
      throw e.kind() == EngineException.Kind.INVALID_OPTIONS ? e : refused("is damaged");
    }
  }

  private static EngineException refused(String why) {
    return new EngineException(
        EngineException.Kind.INVALID_OPTIONS,
        "The checkpoint "
            + why
            + "; the run was not resumed. Start it again without a checkpoint.");
  }
}
