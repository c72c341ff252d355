package io.diptych.decomposition;

import io.diptych.job.Job;
import io.diptych.job.JobState;
import io.diptych.job.QueuePlace;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A decomposition as it stood when it was read.
 *
 * @param job where it stands
 * @param plan what it does
 * @param picture what it is made from; null when its concept was imported
 * @param artifact what it became; null until then, and after its retention
 * @param artifactExpiredAt when the artifact was deleted because it was past its retention
 * @param place where it waits; null when it does not
 * @param retryable whether it ended without a result and its model is still served
 * @param previews steps of which there is a preview; empty in lists
 */
public record Decomposition(
    Job job,
    Plan plan,
    @Nullable Picture picture,
    @Nullable Artifact artifact,
    @Nullable Instant artifactExpiredAt,
    @Nullable QueuePlace place,
    boolean retryable,
    List<Integer> previews) {

  /**
   * The normalised picture.
   *
   * @param sourceSha256 of the file it was made from, lower-case hex; null where it was not noted
   */
  public record Picture(String sha256, int width, int height, @Nullable String sourceSha256) {}

  /** The concept as a file. */
  public record Artifact(String sha256, long bytes) {}

  public Decomposition {
    previews = List.copyOf(previews);
  }

  public UUID id() {
    return job.id();
  }

  public JobState state() {
    return job.state();
  }
}
