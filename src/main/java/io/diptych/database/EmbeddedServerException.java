package io.diptych.database;

/** The embedded server cannot be used; the message says why and what to do. */
public final class EmbeddedServerException extends RuntimeException {

  private final String action;

  EmbeddedServerException(String message, String action, Throwable cause) {
    super(message, cause);
    this.action = action;
  }

  EmbeddedServerException(String message, String action) {
    super(message);
    this.action = action;
  }

  /** What the operator can do. */
  public String action() {
    return action;
  }
}
