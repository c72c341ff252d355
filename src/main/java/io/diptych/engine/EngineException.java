package io.diptych.engine;

/** A failure the caller can act on: the kind decides about retries, the message is for people. */
public final class EngineException extends RuntimeException {

  /** Why it failed. */
  public enum Kind {
    /** An option, word or prompt is wrong; the same request will fail again. */
    INVALID_OPTIONS,
    /** A concept was learned on another model, or its file is damaged. */
    INCOMPATIBLE_CONCEPT,
    /** A model file is missing, damaged or of the wrong shape. */
    MODEL_UNAVAILABLE,
    /** The device ran out of memory. */
    OUT_OF_MEMORY,
    /** A loss or an embedding became infinite or NaN. */
    NUMERIC_DIVERGENCE,
    /** The native library failed in another way. */
    DEVICE_FAILURE
  }

  private final Kind kind;

  public EngineException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public EngineException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
