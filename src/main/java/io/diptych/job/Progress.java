package io.diptych.job;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How far a running job is.
 *
 * @param step steps done
 * @param totalSteps steps of the run
 * @param phase what the last step did, for example {@code STYLE}
 * @param losses the newest loss of each phase, by its name in lower case; finite
 * @param stepMillis median duration of the last steps
 */
public record Progress(
    int step,
    int totalSteps,
    @Nullable String phase,
    Map<String, Double> losses,
    double stepMillis) {

  public Progress {
    losses = Map.copyOf(losses);
  }

  /** Milliseconds until the last step, if every step takes as long as those before. */
  public long remainingMillis() {
    return Math.round(Math.max(0, totalSteps - step) * stepMillis);
  }
}
