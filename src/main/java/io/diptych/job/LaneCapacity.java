package io.diptych.job;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a lane can run at the moment.
 *
 * @param able false while it cannot run anything, for example before its model is loaded
 * @param models digests of the models it has; empty: it does not matter
 * @param freeBytes device memory a job may need
 */
public record LaneCapacity(boolean able, Set<String> models, long freeBytes) {

  /** Can run everything. */
  public static final LaneCapacity UNLIMITED = new LaneCapacity(true, Set.of(), Long.MAX_VALUE);

  /** Can run nothing now. */
  public static final LaneCapacity UNABLE = new LaneCapacity(false, Set.of(), 0);

  public LaneCapacity {
    models = Set.copyOf(models);
  }

  boolean fits(@Nullable String modelDigest, long needBytes) {
    return needBytes <= freeBytes
        && (modelDigest == null || models.isEmpty() || models.contains(modelDigest));
  }

  boolean isLimited() {
    return !models.isEmpty() || freeBytes < Long.MAX_VALUE;
  }
}
