package io.diptych.worker;

import java.util.Arrays;

/** Median of the last steps: one slow step, such as the first, does not count for much. */
final class StepTimes {

  private static final int KEPT = 31;

  private final double[] millis = new double[KEPT];
  private int count;

  synchronized void add(double stepMillis) {
    millis[count++ % KEPT] = stepMillis;
  }

  /** Zero before the first step. */
  synchronized double medianMillis() {
    int filled = Math.min(count, KEPT);
    if (filled == 0) {
      return 0;
    }
    double[] sorted = Arrays.copyOf(millis, filled);
    Arrays.sort(sorted);
    return (sorted[(filled - 1) / 2] + sorted[filled / 2]) / 2;
  }

  synchronized int count() {
    return count;
  }
}
