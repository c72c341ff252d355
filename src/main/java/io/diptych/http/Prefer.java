package io.diptych.http;

import java.time.Duration;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the caller prefers (RFC 7240) between an answer now and an answer that is complete. Declare
 * it as a parameter of a handler method.
 *
 * @param patience how long the caller would wait, already capped; null when the caller did not say
 * @param respondAsync whether the caller asked not to wait
 * @param cap longest wait of any request
 */
public record Prefer(@Nullable Duration patience, boolean respondAsync, Duration cap) {

  /** Name of the header that tells which preferences were honoured. */
  public static final String PREFERENCE_APPLIED = "Preference-Applied";

  /**
   * Reads every {@code Prefer} header. What is unknown or malformed is ignored, as the RFC demands;
   * of a preference that comes twice the first counts.
   */
  static Prefer parse(Enumeration<String> headers, Duration cap) {
    Duration patience = null;
    boolean respondAsync = false;
    for (String header : Collections.list(headers)) {
      for (String preference : header.split(",")) {
        String[] words = preference.split(";", 2)[0].split("=", 2);
        String name = words[0].strip().toLowerCase(Locale.ROOT);
        String value = words.length == 1 ? "" : words[1].strip().replace("\"", "");
        if (name.equals("respond-async")) {
          respondAsync = true;
        } else if (name.equals("wait") && patience == null && value.matches("\\d{1,9}")) {
          Duration asked = Duration.ofSeconds(Long.parseLong(value));
          patience = asked.compareTo(cap) > 0 ? cap : asked;
        }
      }
    }
    return new Prefer(patience, respondAsync, cap);
  }

  /** How long to wait for the result before answering 202. */
  public Duration waitOr(Duration routeDefault) {
    if (patience != null) {
      return patience;
    }
    if (respondAsync) {
      return Duration.ZERO;
    }
    return routeDefault.compareTo(cap) > 0 ? cap : routeDefault;
  }

  /** Value of {@code Preference-Applied}; empty when the caller had no preference. */
  public Optional<String> applied() {
    String async = respondAsync ? "respond-async" : null;
    if (patience == null) {
      return Optional.ofNullable(async);
    }
    String waited = "wait=" + patience.toSeconds();
    return Optional.of(async == null ? waited : async + ", " + waited);
  }
}
