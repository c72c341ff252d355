package io.diptych.pretrain.data;

/** The data set cannot be made or read; the message says why and what to do. */
public final class DatasetException extends RuntimeException {

  public DatasetException(String message) {
    super(message);
  }

  public DatasetException(String message, Throwable cause) {
    super(message, cause);
  }
}
