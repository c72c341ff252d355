package io.diptych.http.access;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known of an API key after it was made; the secret is not.
 *
 * @param id public prefix of the key, safe to log
 * @param name for people
 * @param lastUsedAt to the minute
 */
public record ApiKey(
    String id,
    String tenant,
    String name,
    Set<Scope> scopes,
    Instant createdAt,
    @Nullable Instant expiresAt,
    @Nullable Instant lastUsedAt,
    @Nullable Instant revokedAt) {

  boolean usableAt(Instant now) {
    return revokedAt == null && (expiresAt == null || now.isBefore(expiresAt));
  }
}
