package io.diptych.http.access;

/**
 * A key that was just made.
 *
 * @param secret what callers send; shown here and never again
 */
public record NewApiKey(ApiKey key, String secret) {

  /** Without the secret. */
  @Override
  public String toString() {
    return key.id();
  }
}
