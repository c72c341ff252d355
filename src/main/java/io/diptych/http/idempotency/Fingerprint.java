package io.diptych.http.idempotency;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a request asks for, in 256 bits: the parsed request, so that spelling does not matter, and
 * the digests of its uploads.
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record Fingerprint(String hex) {

  private static final JsonMapper CANONICAL =
      JsonMapper.builder()
          .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .build();

  /**
   * @param request the parsed request, defaults filled in; null where there is none
   * @param uploadDigests of the uploaded bytes, in a fixed order
   */
  public static Fingerprint of(@Nullable Object request, String... uploadDigests) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      add(digest, CANONICAL.writeValueAsString(request));
      for (String upload : uploadDigests) {
        add(digest, upload);
      }
      return new Fingerprint(HexFormat.of().formatHex(digest.digest()));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every JVM has SHA-256", impossible);
    }
  }

  private static void add(MessageDigest digest, String part) {
    byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
    digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
    digest.update(bytes);
  }

  byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }
}
