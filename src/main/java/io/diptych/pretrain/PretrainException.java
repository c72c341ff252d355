package io.diptych.pretrain;

/** Pretraining cannot go on; the message says what the person at the command line can do. */
public final class PretrainException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  PretrainException(String message) {
    super(message);
  }

  PretrainException(String message, Throwable cause) {
    super(message, cause);
  }
}
