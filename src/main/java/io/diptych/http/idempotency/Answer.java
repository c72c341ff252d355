package io.diptych.http.idempotency;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The part of a first answer that is kept for its repetitions.
 *
 * @param status HTTP status code
 * @param headers such as Location and Preference-Applied
 * @param body JSON text, repeated as it is; null where the controller makes it anew from the
 *     resource
 */
public record Answer(int status, Map<String, String> headers, @Nullable String body) {

  /** Longest body that is kept, in characters. */
  static final int MAX_BODY = 64 * 1024;

  public Answer {
    headers = Map.copyOf(headers);
  }

  /** An answer whose body is made anew. */
  public static Answer of(int status, Map<String, String> headers) {
    return new Answer(status, headers, null);
  }

  /** This answer, without its body if that is longer than is kept. */
  Answer kept() {
    return body == null || body.length() <= MAX_BODY ? this : of(status, headers);
  }
}
