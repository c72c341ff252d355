package io.diptych.generation;

import io.diptych.job.Job;
import org.jspecify.annotations.Nullable;

/**
 * A generation as it stood when it was read.
 *
 * @param job where it stands
 * @param order what it makes
 * @param outcome what it made; present when SUCCEEDED
 */
public record Generation(Job job, GenerationOrder order, @Nullable GenerationOutcome outcome) {

  static Generation of(Job job) {
    return new Generation(
        job,
        GenerationOrder.read(job.request()),
        job.result() == null ? null : GenerationOutcome.read(job.result()));
  }
}
