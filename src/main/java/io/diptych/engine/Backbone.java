package io.diptych.engine;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One loaded model on one device. Safe for use by several threads at once; two lanes may optimise
 * while a third generates.
 */
public interface Backbone extends AutoCloseable {

  /** What this model is: name, digest, resolution, schedule, licence. */
  BackboneInfo info();

  /** How this model samples when a request says nothing. */
  Sampling defaultSampling();

  /**
   * How this model decomposes when a request gives words and a seed and nothing else.
   *
   * @param contentWord null: one is found for the picture
   * @param styleWord null: one is found for the picture
   */
  DecompositionOptions defaultOptions(
      @Nullable String contentWord, @Nullable String styleWord, long seed);

  /**
   * Checks everything that can be checked before a job is accepted, without device work.
   *
   * @throws EngineException of kind {@code INVALID_OPTIONS}, naming every option at fault
   */
  void validate(DecompositionOptions options);

  /**
   * Checks a generation request: prompt slots against the concepts given, prompt length, sampling
   * bounds, concepts learned on this very model. Costs no device anything.
   *
   * @throws EngineException of kind {@code INVALID_OPTIONS} or {@code INCOMPATIBLE_CONCEPT}
   */
  CheckedRequest check(GenerationRequest request);

  /**
   * Learns the content and the style of one picture (CSD-VAR). Blocks until the run ends; the
   * control is asked after every step whether to go on.
   *
   * <p>The official code resizes twice, by Lanczos to a short side of 512 and by bicubic to the
   * square. Here one antialiased bicubic pass squashes the picture to the square: the same shape,
   * blurred once, from any size to any model's.
   *
   * @param image any size, RGB
   * @return the concept learned at {@code options.evaluatedStep()}
   * @throws RunStoppedException when the control asked to stop; a checkpoint was delivered first if
   *     it asked for one
   * @throws EngineException on numeric divergence, out of memory, or a checkpoint of another run
   */
  Concept decompose(BufferedImage image, DecompositionOptions options, RunControl control);

  /**
   * Checks requests, then generates them as {@link #generate(List, BooleanSupplier)} does, wanted
   * to the end.
   *
   * @throws EngineException as {@link #check} does, before anything is generated
   */
  default List<BufferedImage> generate(List<GenerationRequest> batch) {
    return generate(batch.stream().map(this::check).toList(), () -> false);
  }

  /**
   * Generates one picture per request in one batch. Requests may differ in prompt, concepts, seed
   * and guidance scale; see {@link GenerationRequest#batchKey()} for what must agree. Picture n
   * depends on request n alone.
   *
   * @param batch checked by a backbone of this very model
   * @param stop whether nobody wants the pictures any more; asked in every scale, after its
   *     forward; in the last one that is before anything is decoded
   * @return pictures in the order of the requests, {@code info().resolution()} pixels square, RGB
   * @throws RunStoppedException when it said so; its steps are scales
   */
  List<BufferedImage> generate(List<CheckedRequest> batch, BooleanSupplier stop);

  /**
   * Whether the device still computes. Some errors of a GPU stay until the process ends: then
   * everything fails here, and every job that comes.
   */
  boolean responds();

  @Override
  void close();
}
