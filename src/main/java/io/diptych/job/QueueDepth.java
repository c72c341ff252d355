package io.diptych.job;

import java.time.Duration;

/**
 * How much of a kind waits and runs.
 *
 * @param oldestWait how long the oldest waiting job has waited; zero when none waits
 */
public record QueueDepth(int waiting, int running, Duration oldestWait) {

  /** Nothing waits or runs. */
  static final QueueDepth EMPTY = new QueueDepth(0, 0, Duration.ZERO);
}
