package io.diptych.engine.csd;

import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An OpenAI-compatible chat completions endpoint. Set by the operator, never by a request: the
 * server calls whatever address stands here.
 */
public final class LanguageModelEndpoint {

  private static final String PATH = "/chat/completions";
  private static final int MOST_ATTEMPTS = 10;

  private final URI uri;
  private final String model;
  private final @Nullable String key;
  private final Duration timeout;
  private final int attempts;
  private final Duration pause;

  /**
   * Checks and keeps the settings.
   *
   * @param uri base address such as {@code https://api.example.org/v1}, or the full address
   * @param model the model's name at that endpoint
   * @param key sent as bearer token; null where none is needed. It appears in no message
   * @param timeout for one attempt, from connecting to the last byte
   * @param attempts how often to ask, 1 to 10
   * @param pause before each attempt but the first
   * @throws io.diptych.engine.EngineException of kind {@code INVALID_OPTIONS} for an address that
   *     is not HTTP or holds a user name, a blank model, a key with blanks, or a number out of
   *     range
   */
  public LanguageModelEndpoint(
      URI uri, String model, @Nullable String key, Duration timeout, int attempts, Duration pause) {
    String scheme = uri.getScheme();
    if (uri.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) {
      throw SubjectPhrase.invalid(
          "The address of the language model must begin with http:// or https:// and name a host.");
    }
    if (uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
      throw SubjectPhrase.invalid(
          "The address of the language model must hold no user name and no fragment; give the key"
              + " as a setting of its own.");
    }
    if (model.isBlank()) {
      throw SubjectPhrase.invalid("The name of the language model is empty.");
    }
    if (key != null && (key.isEmpty() || key.chars().anyMatch(c -> c <= ' ' || c > '~'))) {
      throw SubjectPhrase.invalid(
          "The key for the language model is empty or holds blanks, line breaks or characters"
              + " outside ASCII. Check how it was set; it is not shown here.");
    }
    if (timeout.isNegative() || timeout.isZero() || pause.isNegative()) {
      throw SubjectPhrase.invalid(
          "The language model needs a time-out above zero and a pause of zero or more.");
    }
    if (attempts < 1 || attempts > MOST_ATTEMPTS) {
      throw SubjectPhrase.invalid(
          "The attempts at the language model must be 1 to " + MOST_ATTEMPTS + ".");
    }
    this.uri = complete(uri);
    this.model = model;
    this.key = key;
    this.timeout = timeout;
    this.attempts = attempts;
    this.pause = pause;
  }

  URI uri() {
    return uri;
  }

  String model() {
    return model;
  }

  @Nullable String key() {
    return key;
  }

  Duration timeout() {
    return timeout;
  }

  int attempts() {
    return attempts;
  }

  Duration pause() {
    return pause;
  }

  /** Model, host and path; no key, and no query because some services take keys there. */
  @Override
  public String toString() {
    return model + " at " + uri.getScheme() + "://" + uri.getRawAuthority() + uri.getRawPath();
  }

  private static URI complete(URI uri) {
    String path = uri.getRawPath() == null ? "" : uri.getRawPath().replaceAll("/+$", "");
    String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    return URI.create(
        uri.getScheme()
            + "://"
            + uri.getRawAuthority()
            + (path.endsWith(PATH) ? path : path + PATH)
            + query);
  }
}
