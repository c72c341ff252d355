package io.diptych.generation;

/**
 * What repeating a generation gives.
 *
 * @param kind how equal the pictures will be
 * @param device what it ran on, for example {@code cpu} or {@code gpu0}
 * @param engine name and version of the tensor library
 * @param dtype number format of the model
 * @param batchSize pictures in the largest forward that made one of these, those of other requests
 *     included
 */
public record Determinism(Kind kind, String device, String engine, String dtype, int batchSize) {

  /** How equal the pictures of equal orders are. */
  public enum Kind {
    /** Equal pixels on the same type of device with the same engine and number format. */
    BIT_EXACT,
    /**
     * Equal pixels as above and in a batch of the same shape; in other batches equal to the eye.
     * The noise is the same in any batch, only rounding may differ.
     */
    BIT_EXACT_PER_BATCH_SHAPE
  }
}
