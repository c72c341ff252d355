package io.diptych.engine.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.Sampling;
import io.diptych.engine.judge.JudgeArchitecture;
import io.diptych.engine.program.Program;
import io.diptych.engine.program.Weights;
import io.diptych.engine.sample.Sampler;
import io.diptych.engine.switti.Switti;
import io.diptych.engine.switti.SwittiArchitecture;
import io.diptych.engine.vqvae.Vqvae;
import io.diptych.engine.vqvae.VqvaeArchitecture;
import io.diptych.engine.weights.TensorSchema;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A VQ-VAE in training. Pictures are planes (B, 3, S, S) in [-1, 1]. For one thread at a time. */
public final class VqvaeTrainer implements AutoCloseable {

  /** What the names of a judge's weights begin with, among those of the model. */
  private static final String JUDGE = "judge.";

  private final TrainingState state;
  private final Program program;
  private final Vqvae average;
  private Weights weights;
  private @Nullable Switti switti;
  private @Nullable Sampler sampler;

  private VqvaeTrainer(VqvaeArchitecture architecture, TrainingState state, boolean halfPrecision) {
    this.state = state;
    this.weights = state.weights();
    this.program = architecture.program(halfPrecision, state.manager());
    this.average = new Vqvae(architecture, state.averages(), state.manager());
  }

  /** What a step trains. */
  public enum Part {
    /** Encoder and decoder without the codebook: plain auto-encoding, which comes first. */
    AUTO_ENCODER,
    /** Everything. */
    WHOLE,
    /**
     * The decoder alone: tokens stay as they are, for the transformer that learned them. Where it
     * has drawn levels, these alone: copies stay as they are, too.
     */
    DECODER
  }

  /**
   * What teaches in a step beside the error of the pictures. Strengths say how many times as long a
   * teacher's gradient of each picture is as that of the picture's error; 0 for none.
   *
   * @param discriminator strength of the discriminator, which teaches a decoder alone
   * @param pace how many times the learning rate the discriminator's own is
   * @param styleLoss strength of the style loss, by what a judge sees
   * @param window what the style loss sees, which differs from step to step
   * @param distillation weight of the divergence between a judge's verdict and what the reader
   *     tells from the quantised map, which teaches an encoder; 0 for none
   */
  public record Teachers(
      double discriminator, double pace, double styleLoss, Window window, double distillation) {

    /** There are none. */
    public static final Teachers NONE = new Teachers(0, 1, 0, new Window(0, 0, false), 0);
  }

  /**
   * The part of both pictures through which the style loss compares them: all but {@value #HIDDEN}
   * rows and columns. Through one that never moves a decoder learns what this one judge sees where
   * its strides fall, and other judges see less of it.
   *
   * @param top first row, 0 to {@value #HIDDEN}
   * @param left first column, 0 to {@value #HIDDEN}
   * @param mirrored whether both are seen in a mirror
   */
  public record Window(int top, int left, boolean mirrored) {

    private static final int HIDDEN = 4;

    /** The window of a step. */
    public static Window of(long seed, long step) {
      return new Window(
          drawn(seed, "down", step, HIDDEN + 1),
          drawn(seed, "across", step, HIDDEN + 1),
          drawn(seed, "mirror", step, 2) == 1);
    }

    private static int drawn(long seed, String way, long step, int bound) {
      return Draws.below(seed, "view." + way + "." + step, 1, bound)[0];
    }
  }

  /**
   * Pictures in whose place a transformer draws others for their captions. Those say more of a
   * style than any picture's own tokens, and are what the decoder will be given; the picture that
   * the caption belongs to shows what the style looks like.
   *
   * @param rows which pictures of the step; not all
   * @param text their captions
   * @param empty the empty caption
   * @param sampling how their tokens are chosen
   * @param seed of their noise
   * @param firstImage index of the first one's noise; the others' follow
   * @param styleLoss strength of the style loss, which is all that the decoder learns by here
   */
  public record Drawing(
      int[] rows,
      TextBatch text,
      TextBatch empty,
      Sampling sampling,
      long seed,
      int firstImage,
      double styleLoss) {}

  /**
   * What is trained beside the model and not shipped.
   *
   * @param discriminator whether there is a discriminator of the pictures
   * @param classes how many classes the judge knows whose verdict a reader learns; 0 for no reader
   */
  public record Helpers(boolean discriminator, int classes) {

    /** There are none. */
    public static final Helpers NONE = new Helpers(false, 0);
  }

  /**
   * Starts from initial weights.
   *
   * @param other a checkpoint whose averaged weights take their place; null for none
   * @param halfPrecision whether encoder and decoder run in bfloat16
   */
  public static VqvaeTrainer start(
      VqvaeArchitecture architecture,
      long seed,
      @Nullable Path other,
      Helpers helpers,
      String device,
      boolean halfPrecision) {
    TrainingState state =
        TrainingState.initial(tensors(architecture, helpers), seed, counters(architecture), device);
    if (other != null) {
      state.adoptAverages(architecture.plain().tensors(), other, VqvaeArchitecture::origin);
    }
    return new VqvaeTrainer(architecture, state, halfPrecision);
  }

  /** Goes on from a checkpoint, made here or by {@code tools/pretrain.py}. */
  public static VqvaeTrainer resume(
      VqvaeArchitecture architecture,
      Path checkpoint,
      Helpers helpers,
      String device,
      boolean halfPrecision) {
    return new VqvaeTrainer(
        architecture,
        TrainingState.load(
            tensors(architecture, helpers), counters(architecture), checkpoint, device),
        halfPrecision);
  }

  /**
   * Brings a finished judge, which stays as it is: {@link Teachers#styleLoss} and {@link
   * Teachers#distillation} need one.
   *
   * @param checkpoint of the judge's run; its averaged weights are taken
   * @throws io.diptych.engine.EngineException of kind {@code MODEL_UNAVAILABLE} when the file does
   *     not hold such a judge
   */
  public void bring(JudgeArchitecture judge, Path checkpoint) {
    Map<String, NDArray> all = new TreeMap<>(state.weights().tensors());
    TrainingState.loadAverages(judge.tensors(), checkpoint, state.manager())
        .forEach((name, weight) -> all.put(JUDGE + name, weight));
    weights = Weights.of(all);
  }

  /**
   * Brings a finished transformer, which stays as it is: {@link Drawing} needs one.
   *
   * @param checkpoint of the transformer's run; its averaged weights are taken
   * @throws io.diptych.engine.EngineException of kind {@code MODEL_UNAVAILABLE} when the file does
   *     not hold such a transformer
   */
  public void bring(SwittiArchitecture architecture, Path checkpoint) {
    NDManager manager = state.manager();
    Weights drawer =
        Weights.of(TrainingState.loadAverages(architecture.tensors(), checkpoint, manager));
    switti = new Switti(architecture, drawer, manager);
    sampler = new Sampler(switti, average, manager);
  }

  private static TensorSchema tensors(VqvaeArchitecture architecture, Helpers helpers) {
    return architecture.tensorsInTraining(helpers.discriminator(), helpers.classes());
  }

  private static Map<String, Shape> counters(VqvaeArchitecture architecture) {
    return Map.of("hits", new Shape(architecture.codes()));
  }

  /**
   * One optimisation step.
   *
   * @param drawing which pictures are drawn; null for none
   * @return mean squared error, mean absolute error, codebook loss, the discriminator's hinge loss
   *     and the distance of its features, style loss, divergence of the reader, gradient norm
   */
  public float[] step(
      float[] pictures,
      @Nullable Drawing drawing,
      Schedule schedule,
      Part part,
      Teachers teachers) {
    try (NDManager scope = state.manager().newSubManager()) {
      NDArray planes = planes(scope, pictures);
      return program
          .call("train_step", scope)
          .with(weights)
          .with(state.state())
          .with(planes)
          .with(drawn(scope, (int) planes.getShape().get(0), drawing))
          .with(
              scope.create(
                  schedule.values(
                      part.ordinal(),
                      teachers.discriminator(),
                      teachers.pace(),
                      teachers.styleLoss(),
                      teachers.distillation(),
                      drawing == null ? 0 : drawing.styleLoss(),
                      teachers.window().top(),
                      teachers.window().left(),
                      teachers.window().mirrored() ? 1 : 0)))
          .runDifferentiably()
          .singletonOrThrow()
          .toFloatArray();
    }
  }

  /** Tokens (B, L) of what is drawn; -1 where a picture keeps its own. */
  private NDArray drawn(NDManager scope, int batch, @Nullable Drawing drawing) {
    int tokens = average.architecture().tokens();
    long[] all = new long[batch * tokens];
    Arrays.fill(all, -1);
    if (drawing != null) {
      long[] drawn = draw(scope, drawing);
      for (int i = 0; i < drawing.rows().length; i++) {
        System.arraycopy(drawn, i * tokens, all, drawing.rows()[i] * tokens, tokens);
      }
    }
    return scope.create(all, new Shape(batch, tokens));
  }

  private long[] draw(NDManager scope, Drawing drawing) {
    if (sampler == null) {
      throw new IllegalStateException("No transformer was brought.");
    }
    List<Sampler.Row> rows = new ArrayList<>();
    for (int i = 0; i < drawing.rows().length; i++) {
      rows.add(
          new Sampler.Row(
              drawing.text().condition(scope, i),
              drawing.seed(),
              drawing.firstImage() + i,
              drawing.sampling()));
    }
    List<NDArray> codes =
        sampler.codes(
            scope, rows, drawing.empty().condition(scope, 0), null, (scale, logits) -> {});
    return NDArrays.concat(new NDList(codes), 1).toLongArray();
  }

  /**
   * Gives codes that were not chosen since the last call a new place among the residuals of some
   * pictures.
   *
   * @param order a permutation of all residual vectors: pictures times tokens
   * @return how many codes were moved
   */
  public long reseed(float[] pictures, long[] order) {
    try (NDManager scope = state.manager().newSubManager()) {
      return program
          .call("reseed", scope)
          .with(state.weights())
          .with(state.state())
          .with(planes(scope, pictures))
          .with(scope.create(order))
          .run()
          .singletonOrThrow()
          .getLong();
    }
  }

  /** Forgets which codes were chosen: the next {@link #reseed} moves all of them. */
  public void forgetHits() {
    state.state().get("hits").muli(0);
  }

  /** Latent maps (B, d, P, P) by the averaged weights. */
  public float[] encode(float[] pictures) {
    try (NDManager scope = state.manager().newSubManager()) {
      return average.encode(scope, planes(scope, pictures)).toFloatArray();
    }
  }

  /** Encodes, quantises and decodes by the averaged weights, through drawn levels if any. */
  public Reconstruction reconstruct(float[] pictures) {
    try (NDManager scope = state.manager().newSubManager()) {
      return Measurements.reconstruct(scope, average, planes(scope, pictures), true);
    }
  }

  /** Writes a checkpoint; it appears complete or not at all. */
  public void save(Path checkpoint, Map<String, String> metadata) throws IOException {
    state.save(checkpoint, metadata);
  }

  private NDArray planes(NDManager scope, float[] pictures) {
    return Measurements.planes(scope, average, pictures);
  }

  @Override
  public void close() {
    if (sampler != null && switti != null) {
      sampler.close();
      switti.close();
    }
    average.close();
    program.close();
    state.close();
  }
}
