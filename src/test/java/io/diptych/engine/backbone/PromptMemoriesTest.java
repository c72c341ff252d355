package io.diptych.engine.backbone;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.diptych.engine.Concept;
import io.diptych.engine.Concept.Tensor;
import io.diptych.engine.ConceptMetadata;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.DecompositionOptions.Memory;
import io.diptych.engine.GenerationRequest;
import io.diptych.engine.Sampling;
import io.diptych.engine.csd.MemoryWindows;
import io.diptych.engine.switti.Memories;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Backbones.md 5.6: which memories a prompt brings, and which scales see them. */
class PromptMemoriesTest {

  private static final int WIDTH = 2;
  private static final float NO = Float.NEGATIVE_INFINITY;

  /** One pair in block 0; the values say whose they are: 1 content, 2 style, in tenths k and v. */
  private static final Concept FOX = concept(new Memory(List.of(0), 1), 0);

  /** Two pairs in blocks 0 and 1, values from 100 on. */
  private static final Concept BOAT = concept(new Memory(List.of(1, 0), 2), 100);

  @Test
  void contentBringsTheContentMemoryAlone() {
    try (NDManager manager = NDManager.newBaseManager()) {
      Memories memories = memories(manager, true, request(FOX, null));
      assertThat(memories.blocks()).containsExactly(0);
      assertThat(values(memories.keys())).containsExactly(1.1f, 1.1f);
      assertThat(values(memories.values())).containsExactly(1.2f, 1.2f);
      assertThat(memories.fromScale()).containsExactly(3);
      assertThat(memories.untilScale()).containsExactly(10);
      assertThat(memories.bias()).isNull();
    }
  }

  @Test
  void styleBringsTheStyleMemoryAlone() {
    try (NDManager manager = NDManager.newBaseManager()) {
      Memories memories = memories(manager, true, request(null, FOX));
      assertThat(values(memories.keys())).containsExactly(2.1f, 2.1f);
      assertThat(values(memories.values())).containsExactly(2.2f, 2.2f);
      assertThat(memories.fromScale()).containsExactly(0);
      assertThat(memories.untilScale()).containsExactly(10);
    }
  }

  @Test
  void bothBringEachMemoryOnceStyleFirst() {
    try (NDManager manager = NDManager.newBaseManager()) {
      Memories memories = memories(manager, true, request(FOX, FOX));
      assertThat(values(memories.keys())).containsExactly(2.1f, 2.1f, 1.1f, 1.1f);
      assertThat(values(memories.values())).containsExactly(2.2f, 2.2f, 1.2f, 1.2f);
      assertThat(memories.fromScale()).containsExactly(0, 3);
      assertThat(memories.untilScale()).containsExactly(10, 10);
      assertThat(memories.bias()).isNull();
    }
  }

  @Test
  void withoutACacheTheStyleMemoryEndsWhereTheContentMemoryBegins() {
    try (NDManager manager = NDManager.newBaseManager()) {
      Memories memories = memories(manager, false, request(FOX, FOX));
      assertThat(memories.fromScale()).containsExactly(0, 3);
      assertThat(memories.untilScale()).containsExactly(3, 10);
    }
  }

  @Test
  void rowsOfABatchHaveTheirOwnMemoriesInTheirOwnBlocks() {
    try (NDManager manager = NDManager.newBaseManager()) {
      Memories memories =
          memories(
              manager,
              true,
              request(FOX, null),
              request(null, BOAT),
              request(FOX, BOAT),
              request(null, null));
      assertThat(memories.blocks()).containsExactly(0, 1);
      assertThat(memories.fromScale()).containsExactly(0, 0, 3);
      float[] style = {102.1f, 102.1f, 102.1f, 102.1f};
      assertThat(memories.keys().get(0).toFloatArray())
          .containsExactly(
              joined(
                  new float[4],
                  new float[] {1.1f, 1.1f},
                  style,
                  new float[2],
                  style,
                  new float[] {1.1f, 1.1f},
                  new float[6]));
      assertThat(memories.keys().get(1).get("1:3").toFloatArray())
          .containsExactly(
              joined(
                  new float[] {103.1f, 103.1f, 103.1f, 103.1f, 0, 0},
                  new float[] {103.1f, 103.1f, 103.1f, 103.1f, 0, 0}));
      assertThat(memories.values().get(1).get("1, 0:2").toFloatArray())
          .containsExactly(103.2f, 103.2f, 103.2f, 103.2f);
      NDArray bias = Objects.requireNonNull(memories.bias());
      assertThat(bias.get(0).toFloatArray())
          .containsExactly(NO, NO, 0, 0, 0, NO, 0, 0, 0, NO, NO, NO);
      assertThat(bias.get(1).toFloatArray())
          .containsExactly(NO, NO, NO, 0, 0, NO, 0, 0, NO, NO, NO, NO);
    }
  }

  @Test
  void promptsWithoutConceptsHaveNone() {
    try (NDManager manager = NDManager.newBaseManager()) {
      assertThat(
              PromptMemories.of(
                  manager, List.of(request(null, null)), new MemoryWindows(10, true), WIDTH))
          .isNull();
    }
  }

  private static Memories memories(NDManager manager, boolean causal, GenerationRequest... batch) {
    return Objects.requireNonNull(
        PromptMemories.of(manager, Arrays.asList(batch), new MemoryWindows(10, causal), WIDTH));
  }

  private static float[] values(List<NDArray> blocks) {
    assertThat(blocks).hasSize(1);
    return blocks.get(0).toFloatArray();
  }

  private static float[] joined(float[]... parts) {
    float[] all = new float[Arrays.stream(parts).mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  private static GenerationRequest request(@Nullable Concept content, @Nullable Concept style) {
    return new GenerationRequest("", content, style, 0, 0, Sampling.DEFAULT);
  }

  private static Concept concept(Memory memory, float offset) {
    SortedMap<String, Tensor> tensors = new TreeMap<>();
    for (int block : memory.blocks()) {
      float start = offset + block;
      tensors.put("content.memory." + block + ".k", filled(memory, start + 1.1f));
      tensors.put("content.memory." + block + ".v", filled(memory, start + 1.2f));
      tensors.put("style.memory." + block + ".k", filled(memory, start + 2.1f));
      tensors.put("style.memory." + block + ".v", filled(memory, start + 2.2f));
    }
    DecompositionOptions options =
        DecompositionOptions.of("a", "b", 0).toBuilder().memory(memory).build();
    return new Concept(
        new ConceptMetadata("test", "digest", options, "", 1, List.of(1.0)), tensors);
  }

  private static Tensor filled(Memory memory, float value) {
    float[] values = new float[memory.pairs() * WIDTH];
    Arrays.fill(values, value);
    return new Tensor(new long[] {memory.pairs(), WIDTH}, values);
  }
}
