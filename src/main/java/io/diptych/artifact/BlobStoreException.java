package io.diptych.artifact;

/** The store could not be reached or refused; the same call may succeed later. */
public class BlobStoreException extends RuntimeException {

  public BlobStoreException(String message) {
    super(message);
  }

  public BlobStoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
