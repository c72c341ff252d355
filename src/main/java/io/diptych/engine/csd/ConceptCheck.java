package io.diptych.engine.csd;

import io.diptych.engine.Concept;
import io.diptych.engine.ConceptMetadata;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.DecompositionOptions.Memory;
import io.diptych.engine.DecompositionOptions.Rectification;
import io.diptych.engine.EngineException;
import io.diptych.engine.weights.ModelManifest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Whether a concept is whole: exactly the tensors that its own options and the model call for, in
 * exactly their shapes. Nothing behind it asks again.
 */
public final class ConceptCheck {

  private ConceptCheck() {}

  /**
   * Checks a concept against the model it is for.
   *
   * @throws EngineException of kind {@code INCOMPATIBLE_CONCEPT}, listing what is wrong
   */
  public static void require(Concept concept, ModelManifest manifest) {
    List<String> problems = problems(concept, manifest);
    if (!problems.isEmpty()) {
      throw ConceptFile.incompatible(problems);
    }
  }

  /** Everything that is wrong with a concept, each a clause; empty when it can be used. */
  public static List<String> problems(Concept concept, ModelManifest manifest) {
    DecompositionOptions options = concept.metadata().options();
    if (!complete(concept.metadata())) {
      return List.of("the metadata is incomplete");
    }
    List<DecompositionOptions.Fault> faults = options.faults(manifest.switti().depth());
    if (!faults.isEmpty()) {
      return faults.stream().map(fault -> fault.option() + " " + fault.detail()).toList();
    }
    List<String> problems = new ArrayList<>();
    SortedMap<String, List<Long>> needed = shapes(options, manifest);
    needed.forEach(
        (name, shape) -> {
          Concept.Tensor tensor = concept.tensors().get(name);
          if (tensor == null) {
            problems.add(name + " is missing");
          } else if (!Arrays.stream(tensor.shape()).boxed().toList().equals(shape)) {
            problems.add(
                name
                    + " has the shape "
                    + Arrays.toString(tensor.shape())
                    + " instead of "
                    + shape);
          }
        });
    concept.tensors().keySet().stream()
        .filter(name -> !needed.containsKey(name))
        .forEach(name -> problems.add(name + " does not belong there"));
    return problems;
  }

  private static boolean complete(ConceptMetadata metadata) {
    DecompositionOptions options = metadata.options();
    Memory memory = options.memory();
    Rectification rectification = options.rectification();
    return Stream.of(
                options.contentWord(),
                options.styleWord(),
                options.profile(),
                options.optimiser(),
                metadata.backboneName(),
                metadata.subConceptSource(),
                memory == null ? "" : memory.blocks(),
                rectification == null ? "" : rectification.subConcepts(),
                rectification == null ? "" : rectification.space())
            .allMatch(Objects::nonNull)
        && (memory == null || memory.blocks().stream().allMatch(Objects::nonNull));
  }

  /** Every tensor of a concept with its rows and columns. */
  public static SortedMap<String, List<Long>> shapes(
      DecompositionOptions options, ModelManifest manifest) {
    SortedMap<String, List<Long>> shapes = new TreeMap<>();
    Memory memory = options.memory();
    for (String group : List.of("content", "style")) {
      for (int encoder = 0; encoder < manifest.textEncoders().size(); encoder++) {
        long width = manifest.textEncoders().get(encoder).width();
        shapes.put(group + ".rows." + encoder, List.of((long) options.tokens(), width));
      }
      if (memory != null) {
        List<Long> shape = List.of((long) memory.pairs(), (long) manifest.switti().width());
        for (int block : memory.blocks()) {
          shapes.put(group + ".memory." + block + ".k", shape);
          shapes.put(group + ".memory." + block + ".v", shape);
        }
      }
    }
    if (options.rectification() != null) {
      for (int encoder = 0; encoder < manifest.textEncoders().size(); encoder++) {
        long width = manifest.textEncoders().get(encoder).width();
        shapes.put("projector." + encoder, List.of(width, width));
      }
    }
    return shapes;
  }
}
