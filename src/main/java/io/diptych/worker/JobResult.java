package io.diptych.worker;

import tools.jackson.databind.JsonNode;

/**
 * What a job that succeeded leaves.
 *
 * @param value stored with the job
 * @param publish runs in the transaction that ends the job, and only if the run still holds it and
 *     nobody canceled it: rows written here appear together with the final state, or never
 */
public record JobResult(JsonNode value, Runnable publish) {

  /** A result without rows of its own. */
  public static JobResult of(JsonNode value) {
    return new JobResult(value, () -> {});
  }
}
