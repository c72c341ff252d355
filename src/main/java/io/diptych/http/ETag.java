package io.diptych.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.function.Supplier;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.context.request.WebRequest;

/**
 * A strong entity tag (RFC 9110, section 8.8.3), made from whatever decides the bytes of the
 * answer.
 *
 * @param value with its quotation marks
 */
public record ETag(String value) {

  /** The tag of what these parts determine, such as a state and a version. */
  public static ETag of(Object... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Object part : parts) {
        byte[] bytes = part.toString().getBytes(StandardCharsets.UTF_8);
        // The length keeps ("a", "bc") apart from ("ab", "c").
        digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
        digest.update(bytes);
      }
      byte[] tag = Arrays.copyOf(digest.digest(), 16);
      return new ETag('"' + Base64.getUrlEncoder().withoutPadding().encodeToString(tag) + '"');
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every JVM has SHA-256", impossible);
    }
  }

  /**
   * Answers a GET: 304 without a body when the caller already has this version, else 200 with the
   * body, which is only then built.
   */
  public <T> ResponseEntity<T> answer(WebRequest request, Supplier<T> body) {
    CacheControl revalidate = CacheControl.noCache().cachePrivate();
    if (isAny(request) || request.checkNotModified(value)) {
      return ResponseEntity.status(HttpStatus.NOT_MODIFIED)
          .eTag(value)
          .cacheControl(revalidate)
          .build();
    }
    return ResponseEntity.ok().eTag(value).cacheControl(revalidate).body(body.get());
  }

  /** Whether the caller has some version; Spring leaves out the asterisk, which matches each. */
  static boolean isAny(WebRequest request) {
    return "*".equals(request.getHeader(HttpHeaders.IF_NONE_MATCH));
  }
}
