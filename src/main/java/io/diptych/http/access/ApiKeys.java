package io.diptych.http.access;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;

/** Makes, lists, revokes and recognises API keys. */
@Service
public class ApiKeys {

  private static final Duration USE_GRAIN = Duration.ofMinutes(1);

  private final ApiKeyTable table;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  ApiKeys(ApiKeyTable table, Clock clock) {
    this.table = table;
    this.clock = clock;
  }

  /**
   * Makes a key.
   *
   * @param expiresAt null for a key that lasts until it is revoked
   */
  public NewApiKey create(
      Tenant tenant, String name, Set<Scope> scopes, @Nullable Instant expiresAt) {
    KeySecret secret = KeySecret.random(random);
    ApiKey key =
        new ApiKey(secret.id(), tenant.id(), name, scopes, clock.instant(), expiresAt, null, null);
    table.insert(key, secret.hash());
    return new NewApiKey(key, secret.text());
  }

  /** The keys of a tenant, newest first, revoked ones included. */
  public List<ApiKey> list(Tenant tenant) {
    return table.list(tenant);
  }

  /** Revokes a key at once and for good; false when there is no such key. */
  public boolean revoke(String id) {
    return table.revoke(id, clock.instant());
  }

  /** Whether anybody could authenticate with a key now. */
  boolean anyUsable() {
    return table.anyUsable(clock.instant());
  }

  /** The caller whose key this is; empty when it is malformed, unknown, revoked or expired. */
  Optional<Caller> recognise(String text) {
    return KeySecret.parse(text).flatMap(this::recognise);
  }

  private Optional<Caller> recognise(KeySecret secret) {
    Instant now = clock.instant();
    Optional<ApiKeyTable.Row> found =
        table
            .find(secret.id())
            .filter(row -> MessageDigest.isEqual(row.hash(), secret.hash()))
            .filter(row -> row.key().usableAt(now));
    found.ifPresent(
        row -> {
          Instant last = row.key().lastUsedAt();
          if (last == null || last.plus(USE_GRAIN).isBefore(now)) {
            table.used(secret.id(), now);
          }
        });
    return found.map(
        row -> new Caller(new Tenant(row.key().tenant()), row.key().id(), row.key().scopes()));
  }
}
