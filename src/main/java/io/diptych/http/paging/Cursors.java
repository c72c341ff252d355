package io.diptych.http.paging;

import io.diptych.http.access.Tenant;
import io.diptych.http.problem.FieldError;
import io.diptych.http.problem.ProblemException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Cursors: an id and a signature over the id, the tenant and the list, so that a cursor can neither
 * be made up nor moved to another list. Nobody but this class looks inside one.
 */
class Cursors {

  private static final int ID_BYTES = 16;
  private static final int SIGNATURE_BYTES = 16;

  private final byte[] secret;

  Cursors(byte[] secret) {
    this.secret = secret.clone();
  }

  /**
   * @param list path and filters of the list
   */
  String encode(Tenant tenant, String list, UUID id) {
    byte[] idBytes =
        ByteBuffer.allocate(ID_BYTES)
            .putLong(id.getMostSignificantBits())
            .putLong(id.getLeastSignificantBits())
            .array();
    byte[] cursor =
        ByteBuffer.allocate(ID_BYTES + SIGNATURE_BYTES)
            .put(idBytes)
            .put(sign(tenant, list, idBytes))
            .array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(cursor);
  }

  UUID decode(Tenant tenant, String list, String cursor) {
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(cursor);
    } catch (IllegalArgumentException notBase64) {
      throw refused();
    }
    if (bytes.length != ID_BYTES + SIGNATURE_BYTES) {
      throw refused();
    }
    byte[] idBytes = Arrays.copyOf(bytes, ID_BYTES);
    byte[] signature = Arrays.copyOfRange(bytes, ID_BYTES, bytes.length);
    if (!MessageDigest.isEqual(signature, sign(tenant, list, idBytes))) {
      throw refused();
    }
    ByteBuffer id = ByteBuffer.wrap(idBytes);
    return new UUID(id.getLong(), id.getLong());
  }

  private byte[] sign(Tenant tenant, String list, byte[] id) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      // A tenant's id holds no line feed, so the parts cannot run into one another.
      mac.update((tenant.id() + "\n" + list + "\n").getBytes(StandardCharsets.UTF_8));
      return Arrays.copyOf(mac.doFinal(id), SIGNATURE_BYTES);
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("every JVM has HmacSHA256", impossible);
    }
  }

  private static ProblemException refused() {
    return ProblemException.invalid(
        FieldError.parameter("cursor", "is not a cursor of this list with these filters"));
  }
}
