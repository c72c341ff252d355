package io.diptych.engine.switti;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.program.Program;
import io.diptych.engine.program.Weights;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The Switti transformer (backbones.md section 2) with its weights on one device. Thread-safe.
 *
 * <p>B rows, T text tokens, n tokens of the scales asked for, V codes. Scales are 0-based.
 */
public final class Switti implements AutoCloseable {

  private final SwittiArchitecture architecture;
  private final Program program;
  private final Weights weights;
  private final NDArray none;

  /**
   * Compiles the program for weights that {@link SwittiArchitecture#tensors()} describes.
   *
   * @param manager owns the program and must own the weights
   */
  public Switti(SwittiArchitecture architecture, Weights weights, NDManager manager) {
    this.architecture = architecture;
    this.weights = weights;
    this.none = Program.share(manager.create(new Shape(0)));
    this.program = architecture.program(false, manager);
  }

  public SwittiArchitecture architecture() {
    return architecture;
  }

  /**
   * What a batch of requests needs at every scale, computed once: modulations, cross-attention keys
   * and values.
   *
   * @param tensors rows of the batch first in each, except the third, which all rows share
   * @param contextBias (B, T), 0 or -inf for padding; null without padding
   */
  public record Prepared(NDList tensors, @Nullable NDArray contextBias) {

    private static final int ROTATIONS = 2;

    /** The first rows alone; guidance ends this way. */
    public Prepared firstRows(int rows) {
      NDList first = new NDList();
      for (int i = 0; i < tensors.size(); i++) {
        NDArray tensor = tensors.get(i);
        first.add(i == ROTATIONS ? tensor : tensor.get("0:" + rows));
      }
      return new Prepared(first, contextBias == null ? null : contextBias.get("0:" + rows));
    }
  }

  /**
   * Prepares requests.
   *
   * @param context text tokens (B, T, textWidth)
   * @param contextBias (B, T), 0 or -inf for padding; null without padding
   * @param pooled (B, pooledWidth)
   * @param crop (B, 4) height, width, top, left; null: no crop, a square picture of the model's
   *     size
   * @param differentiable whether gradients are to flow to context and pooled
   */
  public Prepared prepare(
      NDManager scope,
      NDArray context,
      @Nullable NDArray contextBias,
      NDArray pooled,
      @Nullable NDArray crop,
      boolean differentiable) {
    NDArray place = crop == null ? Crop.none(scope, (int) context.getShape().get(0)) : crop;
    Program.Call call =
        program.call("prepare", scope).with(weights).with(context).with(pooled).with(place);
    return new Prepared(differentiable ? call.runDifferentiably() : call.run(), contextBias);
  }

  /**
   * Logits of consecutive scales.
   *
   * @param logits (B, n, V) fp32
   * @param cache keys and values so far, to be handed to the next call; empty if not kept
   */
  public record Forward(NDArray logits, List<NDArray> cache) {}

  /** All of a teacher-forced pass that is asked for: scales {@code first..last}, both included. */
  public Forward teacherForced(
      NDManager scope,
      Prepared prepared,
      NDArray input,
      int first,
      int last,
      @Nullable Memories memories,
      boolean differentiable) {
    if (first > 0 && architecture.causal()) {
      throw new IllegalArgumentException("A block-causal pass starts at scale 0.");
    }
    return forward(scope, prepared, input, first, last, List.of(), memories, false, differentiable);
  }

  /**
   * One scale of a generation.
   *
   * @param input (B, n, d) of this scale; null for scale 0
   * @param cache of the scale before; empty at scale 0 and always for a model that is not causal
   */
  public Forward nextScale(
      NDManager scope,
      Prepared prepared,
      @Nullable NDArray input,
      int scale,
      List<NDArray> cache,
      @Nullable Memories memories) {
    return forward(
        scope, prepared, input, scale, scale, cache, memories, architecture.causal(), false);
  }

  private Forward forward(
      NDManager scope,
      Prepared prepared,
      @Nullable NDArray input,
      int first,
      int last,
      List<NDArray> cache,
      @Nullable Memories memories,
      boolean keepCache,
      boolean differentiable) {
    List<NDArray> memory = new ArrayList<>();
    NDArray memoryBlocks = none;
    NDArray memoryWindow = none;
    NDArray memoryBias = none;
    if (memories == null) {
      memory.add(none);
    } else {
      for (int i = 0; i < memories.blocks().size(); i++) {
        memory.add(memories.keys().get(i));
        memory.add(memories.values().get(i));
      }
      memoryBlocks = integers(scope, memories.blocks());
      memoryWindow =
          integers(scope, memories.fromScale()).stack(integers(scope, memories.untilScale()));
      memoryBias = memories.bias() == null ? none : memories.bias();
    }
    Program.Call call =
        program
            .call("forward", scope)
            .with(weights)
            .with(prepared.tensors())
            .with(prepared.contextBias() == null ? none : prepared.contextBias())
            .with(input == null ? none : input)
            .with(first)
            .with(last)
            .with(cache.isEmpty() ? List.of(none) : cache)
            .with(memory)
            .with(memoryBlocks)
            .with(memoryWindow)
            .with(memoryBias)
            .with(keepCache ? 1 : 0);
    NDList result = differentiable ? call.runDifferentiably() : call.run();
    return new Forward(
        result.get(0), keepCache ? List.copyOf(result.subList(1, result.size())) : List.of());
  }

  private static NDArray integers(NDManager scope, List<Integer> values) {
    return scope.create(values.stream().mapToLong(Integer::longValue).toArray());
  }

  /** The type the model computes in. */
  public DataType dataType() {
    return weights.get("pos_start").getDataType();
  }

  @Override
  public void close() {
    program.close();
  }
}
