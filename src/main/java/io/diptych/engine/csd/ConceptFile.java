package io.diptych.engine.csd;

import io.diptych.engine.Concept;
import io.diptych.engine.Concept.Tensor;
import io.diptych.engine.ConceptMetadata;
import io.diptych.engine.EngineException;
import io.diptych.engine.weights.Safetensors;
import io.diptych.engine.weights.SafetensorsWriter;
import io.diptych.engine.weights.TensorSpec;
import io.diptych.engine.weights.TensorType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The artifact format: a safetensors file whose header says how the concept was learned. The same
 * concept always gives the same bytes.
 */
public final class ConceptFile {

  private static final String FORMAT = "diptych.concept";
  private static final String VERSION = "1";
  private static final String METADATA = "metadata";

  private static final Pattern NAME =
      Pattern.compile(
          "(content|style)\\.rows\\.\\d"
              + "|(content|style)\\.memory\\.\\d{1,3}\\.[kv]"
              + "|projector\\.\\d");

  private static final int MOST_PROBLEMS = 10;

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** Longest header that is read; the longest that is written has a quarter of it. */
  public static final int MOST_HEADER_BYTES = 2 << 20;

  private ConceptFile() {}

  /** Writes an artifact. */
  public static byte[] write(Concept concept) {
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .metadata(FORMAT, VERSION)
            .metadata(METADATA, JSON.writeValueAsString(concept.metadata()));
    concept.tensors().forEach((name, tensor) -> writer.put(name, tensor.values(), tensor.shape()));
    return writer.toBytes();
  }

  /**
   * Reads an artifact and checks what can be checked without a model: format, metadata, names of
   * tensors, finite values. Whether it is whole, {@link ConceptCheck} says.
   *
   * @throws EngineException of kind {@code INCOMPATIBLE_CONCEPT}, listing what is wrong
   */
  public static Concept read(byte[] file) {
    if (file.length >= Long.BYTES
        && ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong() > MOST_HEADER_BYTES) {
      throw incompatible(List.of("its header has more than " + MOST_HEADER_BYTES + " bytes"));
    }
    try (Safetensors tensors = Safetensors.read(file, "the artifact")) {
      if (!VERSION.equals(tensors.metadata().get(FORMAT))) {
        throw incompatible(
            List.of("its header does not say that it is a Diptych concept of version " + VERSION));
      }
      ConceptMetadata metadata = metadata(tensors.metadata().get(METADATA));
      SortedMap<String, Tensor> values = new TreeMap<>();
      List<String> problems = new ArrayList<>();
      for (Map.Entry<String, TensorSpec> entry : tensors.tensors().entrySet()) {
        String problem = problem(entry.getKey(), entry.getValue());
        if (problem != null) {
          problems.add(entry.getKey() + " " + problem);
          continue;
        }
        float[] floats = tensors.floats(entry.getKey());
        if (!allFinite(floats)) {
          problems.add(entry.getKey() + " holds values that are not finite");
        }
        values.put(entry.getKey(), new Tensor(entry.getValue().shape().getShape(), floats));
      }
      if (!problems.isEmpty()) {
        throw incompatible(problems);
      }
      return new Concept(metadata, values);
    } catch (EngineException e) {
      throw e.kind() == EngineException.Kind.INCOMPATIBLE_CONCEPT
          ? e
          : new EngineException(
              EngineException.Kind.INCOMPATIBLE_CONCEPT,
              "The artifact cannot be read: " + e.getMessage(),
              e);
    }
  }

  /**
   * The concept as it stands in a checkpoint, for a look at a run that goes on.
   *
   * @param checkpoint as a run control received it
   * @param backboneName name of the model that runs
   * @throws EngineException of kind {@code INVALID_OPTIONS} when it is no checkpoint
   */
  public static Concept ofCheckpoint(byte[] checkpoint, String backboneName) {
    Checkpoint read = Checkpoint.read(checkpoint);
    SortedMap<String, Tensor> values = new TreeMap<>();
    read.tensors()
        .forEach(
            (name, tensor) -> {
              String plain =
                  name.startsWith(ParameterGroup.PARAMETER)
                      ? name.substring(ParameterGroup.PARAMETER.length())
                      : name;
              if (NAME.matcher(plain).matches()) {
                values.put(plain, tensor);
              }
            });
    Checkpoint.State state = read.state();
    return new Concept(
        new ConceptMetadata(
            backboneName,
            state.backboneDigest(),
            state.options(),
            state.subConceptSource(),
            state.step(),
            state.losses()),
        values);
  }

  private static ConceptMetadata metadata(String json) {
    if (json == null) {
      throw incompatible(List.of("it has no metadata"));
    }
    try {
      ConceptMetadata metadata = JSON.readValue(json, ConceptMetadata.class);
      if (metadata == null || metadata.options() == null || metadata.backboneDigest() == null) {
        throw incompatible(List.of("its metadata is incomplete"));
      }
      return metadata;
    } catch (JacksonException | NullPointerException e) {
      throw incompatible(List.of("its metadata cannot be read"));
    }
  }

  private static @Nullable String problem(String name, TensorSpec spec) {
    if (!NAME.matcher(name).matches()) {
      return "is not part of a concept";
    }
    if (spec.type() != TensorType.F32 || spec.shape().dimension() != 2) {
      return "is " + spec + " instead of an F32 matrix";
    }
    return null;
  }

  private static boolean allFinite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  static EngineException incompatible(List<String> problems) {
    int more = problems.size() - MOST_PROBLEMS;
    return new EngineException(
        EngineException.Kind.INCOMPATIBLE_CONCEPT,
        "The artifact is not a usable concept: "
            + String.join("; ", problems.subList(0, Math.min(MOST_PROBLEMS, problems.size())))
            + (more > 0 ? "; and " + more + " more." : "."));
  }
}
