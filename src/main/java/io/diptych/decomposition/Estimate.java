package io.diptych.decomposition;

import io.swagger.v3.oas.annotations.media.Schema;

/**
 * What a run will take.
 *
 * @param memoryBytes device memory: weights, what a step keeps for its gradients, and room for the
 *     picture
 * @param stepMillis time of one step
 * @param totalMillis time of all steps; waiting in the queue is not in it
 * @param basis where the times come from
 */
@Schema(name = "Estimate")
public record Estimate(long memoryBytes, double stepMillis, long totalMillis, Basis basis) {

  /** Where the times come from. */
  public enum Basis {
    /** The last runs on the model. */
    RECENT_RUNS,
    /** The model's size and a configured speed; no run has been measured yet. */
    MODEL_SIZE
  }
}
