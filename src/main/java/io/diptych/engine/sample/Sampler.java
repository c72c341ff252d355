package io.diptych.engine.sample;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.Sampling;
import io.diptych.engine.program.Program;
import io.diptych.engine.switti.Memories;
import io.diptych.engine.switti.Switti;
import io.diptych.engine.vqvae.Vqvae;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Next-scale sampling (backbones.md 2.5): one forward of the transformer per scale for a whole
 * batch, rows of different prompts, concepts, seeds and guidance side by side. Thread-safe.
 */
public final class Sampler implements AutoCloseable {

  private final Switti switti;
  private final Vqvae vqvae;
  private final Program program;

  /**
   * Compiles the sampling program.
   *
   * @param manager owns it
   */
  public Sampler(Switti switti, Vqvae vqvae, NDManager manager) {
    this.switti = switti;
    this.vqvae = vqvae;
    this.program = Program.load("sampling", Map.of(), manager);
  }

  /**
   * One picture of a batch.
   *
   * @param text its condition
   * @param seed of its noise
   * @param imageIndex which picture of that seed
   * @param sampling how its tokens are chosen; windows, smoothing and greediness as in all rows
   */
  public record Row(TextCondition text, long seed, int imageIndex, Sampling sampling) {}

  /**
   * A prompt as the transformer reads it.
   *
   * @param context (1, T, textWidth)
   * @param pooled (1, pooledWidth)
   */
  public record TextCondition(NDArray context, NDArray pooled) {}

  /**
   * A batch of pictures.
   *
   * @param codes of each scale: tokens (B, n), or soft codewords (B, n, d) where smoothed
   * @param image (B, 3, H, W) in [-1, 1]
   */
  public record Sampled(List<NDArray> codes, NDArray image) {}

  /** What a caller may watch: the logits that tokens of a scale are chosen from, (B, n, V). */
  @FunctionalInterface
  public interface ScaleObserver {
    void logits(int scale, NDArray logits);
  }

  /**
   * Generates one picture per row.
   *
   * @param unconditional the empty prompt, for guidance
   * @param memories for the rows, without rows for the unconditional half; null: none
   */
  public Sampled sample(
      NDManager scope, List<Row> rows, TextCondition unconditional, @Nullable Memories memories) {
    return sample(scope, rows, unconditional, memories, (scale, logits) -> {});
  }

  /** As above, with an observer. */
  public Sampled sample(
      NDManager scope,
      List<Row> rows,
      TextCondition unconditional,
      @Nullable Memories memories,
      ScaleObserver observer) {
    List<NDArray> codes = codes(scope, rows, unconditional, memories, observer);
    return new Sampled(codes, decode(scope, codes, rows.size()));
  }

  /** The same without the pictures: tokens (B, n) of each scale, or soft codewords (B, n, d). */
  public List<NDArray> codes(
      NDManager scope,
      List<Row> rows,
      TextCondition unconditional,
      @Nullable Memories memories,
      ScaleObserver observer) {
    Sampling common = rows.get(0).sampling();
    int batch = rows.size();
    int scales = switti.architecture().sides().size();
    boolean anyGuidance = rows.stream().anyMatch(row -> row.sampling().guidanceScale() != 0);
    int guidedFrom = common.guidanceFromScale();
    int guidedTo = Math.min(common.guidanceToScale(), scales);
    boolean doubled = anyGuidance && guidedFrom < guidedTo;

    List<TextCondition> texts = new ArrayList<>(rows.stream().map(Row::text).toList());
    if (doubled) {
      texts.addAll(Collections.nCopies(batch, unconditional));
    }
    Switti.Prepared prepared = prepare(scope, switti, texts);
    Memories active = memories;
    if (memories != null && doubled) {
      active = twice(memories);
    }
    NDArray noise = noise(scope, rows);
    NDArray topK = integers(scope, rows.stream().map(row -> row.sampling().topK()).toList());
    NDArray topP = reals(scope, rows.stream().map(row -> row.sampling().topP()).toList());
    NDArray temperature =
        reals(scope, rows.stream().map(row -> row.sampling().lastScaleTemperature()).toList())
            .reshape(batch, 1, 1);

    List<NDArray> codes = new ArrayList<>();
    NDArray sum = vqvae.emptySum(scope, batch);
    NDArray input = null;
    List<NDArray> cache = List.of();
    NDManager previous = null;
    try {
      for (int scale = 0; scale < scales; scale++) {
        NDManager step = scope.newSubManager();
        // What follows the window is the same for a row without guidance: no row depends on others.
        boolean afterWindow = scale >= guidedTo;
        if (afterWindow && doubled) {
          prepared = prepared.firstRows(batch);
          cache = cache.stream().map(tensor -> tensor.get("0:" + batch)).toList();
          active = memories;
          doubled = false;
        }
        NDArray rowsInput = input != null && doubled ? input.concat(input, 0) : input;
        Switti.Forward forward = switti.nextScale(step, prepared, rowsInput, scale, cache, active);
        NDArray logits = forward.logits();
        if (doubled) {
          logits = guide(step, logits, rows, scale, guidedFrom, scales);
        } else if (afterWindow) {
          logits = logits.div(temperature);
        }
        observer.logits(scale, logits);
        NDArray chosen =
            choose(step, logits, common, topK, topP, noise, scale, scales, !afterWindow);
        Vqvae.Accumulated next = vqvae.accumulate(step, sum, chosen, scale);
        chosen.attach(scope);
        codes.add(chosen);
        sum = next.sum();
        input = next.nextInput();
        cache = forward.cache();
        if (previous != null) {
          previous.close();
        }
        previous = step;
      }
      return codes;
    } finally {
      if (previous != null) {
        previous.close();
      }
    }
  }

  /**
   * Decodes picture by picture. Convolutions over a batch round differently from those over one
   * picture, and a picture must not depend on its company.
   */
  private NDArray decode(NDManager scope, List<NDArray> codes, int batch) {
    NDList images = new NDList();
    for (int i = 0; i < batch; i++) {
      String row = i + ":" + (i + 1);
      List<NDArray> own = codes.stream().map(scale -> scale.get(row)).toList();
      images.add(vqvae.decode(scope, vqvae.assemble(scope, own)));
    }
    return NDArrays.concat(images, 0);
  }

  private NDArray guide(
      NDManager step, NDArray logits, List<Row> rows, int scale, int guidedFrom, int scales) {
    float progress = progress(scale, scales);
    float[] strength = new float[rows.size()];
    if (scale >= guidedFrom) {
      for (int i = 0; i < strength.length; i++) {
        strength[i] = (float) (rows.get(i).sampling().guidanceScale() * progress);
      }
    }
    return program
        .call("guide", step)
        .with(logits)
        .with(step.create(strength))
        .run()
        .singletonOrThrow();
  }

  private NDArray choose(
      NDManager step,
      NDArray logits,
      Sampling common,
      NDArray topK,
      NDArray topP,
      NDArray noise,
      int scale,
      int scales,
      boolean maySmooth) {
    if (maySmooth && scale >= common.smoothFromScale()) {
      return program
          .call("smooth", step)
          .with(logits)
          .with(vqvae.codebook())
          .with(progress(scale, scales))
          .with(noise)
          .with(scale)
          .run()
          .singletonOrThrow();
    }
    if (common.greedy()) {
      return program.call("greedy", step).with(logits).run().singletonOrThrow();
    }
    return program
        .call("draw", step)
        .with(logits)
        .with(topK)
        .with(topP)
        .with(noise)
        .with(scale)
        .run()
        .singletonOrThrow();
  }

  private static float progress(int scale, int scales) {
    return scales == 1 ? 1 : (float) scale / (scales - 1);
  }

  /** Prepares a batch of texts, without crops; contexts are padded to one length. */
  public static Switti.Prepared prepare(NDManager scope, Switti switti, List<TextCondition> texts) {
    long longest = texts.stream().mapToLong(t -> t.context().getShape().get(1)).max().orElseThrow();
    boolean padded = texts.stream().anyMatch(t -> t.context().getShape().get(1) < longest);
    NDList contexts = new NDList();
    float[][] bias = new float[texts.size()][(int) longest];
    for (int i = 0; i < texts.size(); i++) {
      NDArray context = texts.get(i).context();
      long length = context.getShape().get(1);
      if (length < longest) {
        Shape padding = new Shape(1, longest - length, context.getShape().get(2));
        context = context.concat(scope.zeros(padding, context.getDataType()), 1);
        context.attach(scope); // The empty prompt, and so what is made of it, outlives the batch.
        Arrays.fill(bias[i], (int) length, (int) longest, Float.NEGATIVE_INFINITY);
      }
      contexts.add(context);
    }
    NDList pooled = new NDList(texts.stream().map(TextCondition::pooled).toList());
    return switti.prepare(
        scope,
        NDArrays.concat(contexts, 0),
        padded ? scope.create(bias) : null,
        NDArrays.concat(pooled, 0),
        null,
        false);
  }

  private static Memories twice(Memories memories) {
    NDArray bias = memories.bias();
    return new Memories(
        memories.blocks(),
        memories.keys().stream().map(key -> key.concat(key, 0)).toList(),
        memories.values().stream().map(value -> value.concat(value, 0)).toList(),
        memories.fromScale(),
        memories.untilScale(),
        bias == null ? null : bias.concat(bias, 1));
  }

  private static NDArray noise(NDManager scope, List<Row> rows) {
    long[] keys = new long[2 * rows.size()];
    for (int i = 0; i < rows.size(); i++) {
      NoiseStream stream = NoiseStream.of(rows.get(i).seed(), rows.get(i).imageIndex());
      keys[2 * i] = stream.low();
      keys[2 * i + 1] = stream.high();
    }
    return scope.create(keys, new Shape(rows.size(), 2));
  }

  private static NDArray integers(NDManager scope, List<Integer> values) {
    return scope.create(values.stream().mapToLong(Integer::longValue).toArray());
  }

  private static NDArray reals(NDManager scope, List<Double> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i).floatValue();
    }
    return scope.create(floats).toType(DataType.FLOAT32, false);
  }

  @Override
  public void close() {
    program.close();
  }
}
