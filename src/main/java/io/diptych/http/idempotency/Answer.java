package io.diptych.http.idempotency;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The part of a first answer that is kept for its repetitions.
 *
 * @param status HTTP status code
 * @param headers such as Location and Preference-Applied
 * @param body JSON text, repeated as it is; null where the controller makes it anew from the
 *     resource, as it should where bodies are large
 */
public record Answer(int status, Map<String, String> headers, @Nullable String body) {

  /** Longest body that is kept, in characters. */
  public static final int MAX_BODY = 64 * 1024;

  public Answer {
    headers = Map.copyOf(headers);
    if (body != null && body.length() > MAX_BODY) {
      throw new IllegalArgumentException("A body of " + body.length() + " characters is not kept.");
    }
  }

  /** An answer whose body is made anew. */
  public static Answer of(int status, Map<String, String> headers) {
    return new Answer(status, headers, null);
  }
}
