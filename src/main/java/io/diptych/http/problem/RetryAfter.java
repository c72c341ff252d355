package io.diptych.http.problem;

import java.time.Duration;

/** The {@code Retry-After} header in its form of seconds. */
public final class RetryAfter {

  private RetryAfter() {}

  /** Rounded up, and never below one second: clients take zero as leave to hurry. */
  public static String seconds(Duration time) {
    long seconds = time.toSeconds() + (time.getNano() > 0 ? 1 : 0);
    return Long.toString(Math.max(1, seconds));
  }
}
