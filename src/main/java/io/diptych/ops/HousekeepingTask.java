package io.diptych.ops;

import java.time.Duration;

/**
 * A chore that one process of the cluster does now and then. A bean of whichever feature has
 * chores.
 */
public interface HousekeepingTask {

  /** Lower case with hyphens, unique, never changed: it is stored. */
  String name();

  /** Time from the end of one run to the next. */
  Duration every();

  /**
   * Does it. A run may be repeated after a failure or be cut off anywhere.
   *
   * @return things done, for the log
   */
  int run();
}
