package io.diptych.engine.backbone;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.Concept;
import io.diptych.engine.Concept.Tensor;
import io.diptych.engine.DecompositionOptions.Memory;
import io.diptych.engine.GenerationRequest;
import io.diptych.engine.csd.MemoryWindows;
import io.diptych.engine.switti.Memories;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * K-V memories of a batch of requests: content prompts bring the content's, style prompts the
 * style's, combined prompts both, each once. Rows without a memory are kept from seeing their
 * neighbours' by a bias.
 */
final class PromptMemories {

  private PromptMemories() {}

  /** The memories of a batch; null when no request has any. */
  static @Nullable Memories of(
      NDManager scope, List<GenerationRequest> requests, MemoryWindows windows, int width) {
    TreeSet<Integer> blocks = new TreeSet<>();
    int stylePairs = 0;
    int contentPairs = 0;
    for (GenerationRequest request : requests) {
      for (Concept concept : concepts(request)) {
        blocks.addAll(memory(concept).map(Memory::blocks).orElse(List.of()));
      }
      stylePairs = Math.max(stylePairs, pairs(request.style()));
      contentPairs = Math.max(contentPairs, pairs(request.content()));
    }
    if (blocks.isEmpty()) {
      return null;
    }
    int pairs = stylePairs + contentPairs;
    List<NDArray> keys = new ArrayList<>();
    List<NDArray> values = new ArrayList<>();
    float[] bias = new float[blocks.size() * requests.size() * pairs];
    boolean anyMissing = false;
    int at = 0;
    for (int block : blocks) {
      keys.add(stack(scope, requests, block, "k", stylePairs, contentPairs, width));
      values.add(stack(scope, requests, block, "v", stylePairs, contentPairs, width));
      for (GenerationRequest request : requests) {
        int style = pairs(request.style(), block);
        int content = pairs(request.content(), block);
        Arrays.fill(bias, at + style, at + stylePairs, Float.NEGATIVE_INFINITY);
        Arrays.fill(bias, at + stylePairs + content, at + pairs, Float.NEGATIVE_INFINITY);
        anyMissing |= style < stylePairs || content < contentPairs;
        at += pairs;
      }
    }
    Shape shape = new Shape(blocks.size(), requests.size(), pairs);
    return windows.memories(
        List.copyOf(blocks),
        keys,
        values,
        stylePairs,
        contentPairs,
        anyMissing ? scope.create(bias, shape) : null);
  }

  private static List<Concept> concepts(GenerationRequest request) {
    return Stream.of(request.content(), request.style()).filter(Objects::nonNull).toList();
  }

  private static Optional<Memory> memory(@Nullable Concept concept) {
    return Optional.ofNullable(concept).map(c -> c.metadata().options().memory());
  }

  private static int pairs(@Nullable Concept concept) {
    return memory(concept).map(Memory::pairs).orElse(0);
  }

  private static int pairs(@Nullable Concept concept, int block) {
    return memory(concept).filter(m -> m.blocks().contains(block)).map(Memory::pairs).orElse(0);
  }

  private static NDArray stack(
      NDManager scope,
      List<GenerationRequest> requests,
      int block,
      String part,
      int stylePairs,
      int contentPairs,
      int width) {
    int pairs = stylePairs + contentPairs;
    float[] all = new float[requests.size() * pairs * width];
    for (int row = 0; row < requests.size(); row++) {
      GenerationRequest request = requests.get(row);
      int at = row * pairs * width;
      copy(request.style(), "style.memory." + block + "." + part, all, at);
      copy(request.content(), "content.memory." + block + "." + part, all, at + stylePairs * width);
    }
    return scope.create(all, new Shape(requests.size(), pairs, width));
  }

  private static void copy(@Nullable Concept concept, String name, float[] into, int at) {
    Tensor tensor = concept == null ? null : concept.tensors().get(name);
    if (tensor != null) { // else it has no memory in this block
      System.arraycopy(tensor.values(), 0, into, at, tensor.values().length);
    }
  }
}
