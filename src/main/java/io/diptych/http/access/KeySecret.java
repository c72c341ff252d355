package io.diptych.http.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An API key in full: {@code dpt_}, a public id of 16 hexadecimal digits, a hyphen, 43 characters
 * of secret (256 bits).
 *
 * <p>Plain SHA-256 is enough at rest: unlike a password, the secret cannot be guessed.
 */
record KeySecret(String id, String text) {

  static final String PREFIX = "dpt_";

  private static final Pattern FORM = Pattern.compile("(dpt_[0-9a-f]{16})-[A-Za-z0-9_-]{43}");

  static KeySecret random(SecureRandom random) {
    byte[] publicPart = new byte[8];
    byte[] secretPart = new byte[32];
    random.nextBytes(publicPart);
    random.nextBytes(secretPart);
    String id = PREFIX + HexFormat.of().formatHex(publicPart);
    return new KeySecret(
        id, id + "-" + Base64.getUrlEncoder().withoutPadding().encodeToString(secretPart));
  }

  static Optional<KeySecret> parse(String text) {
    Matcher match = FORM.matcher(text);
    return match.matches() ? Optional.of(new KeySecret(match.group(1), text)) : Optional.empty();
  }

  byte[] hash() {
    return sha256(text);
  }

  static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every JVM has SHA-256", impossible);
    }
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return id;
  }
}
