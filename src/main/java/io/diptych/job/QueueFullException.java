package io.diptych.job;

import java.time.Duration;

/** A submission was refused because too much is waiting already; nothing was stored. */
public final class QueueFullException extends RuntimeException {

  /** Whose limit it was. */
  public enum Scope {
    TENANT("quota-exceeded"),
    SERVICE("queue-full");

    private final String code;

    Scope(String code) {
      this.code = code;
    }
  }

  private final Scope scope;
  private final int cap;
  private final Duration retryAfter;

  QueueFullException(Scope scope, int cap, Duration retryAfter) {
    super(
        switch (scope) {
              case TENANT ->
                  "%d of your jobs are waiting, which is as many as may. Wait until some have started,"
                      .formatted(cap);
              case SERVICE -> "%d jobs are waiting, which is as many as may. Wait,".formatted(cap);
            }
            + " then send the request again.");
    this.scope = scope;
    this.cap = cap;
    this.retryAfter = retryAfter;
  }

  public Scope scope() {
    return scope;
  }

  /** Lower case with hyphens; the type of the problem that callers get. */
  public String code() {
    return scope.code;
  }

  /** Most jobs that may wait. */
  public int cap() {
    return cap;
  }

  /** When a place is likely to be free. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
