package io.diptych.http.access;

import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** The table {@code api_key}. */
@Repository
class ApiKeyTable {

  private final JdbcClient jdbc;

  ApiKeyTable(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * A key with what proves it.
   *
   * @param hash SHA-256 of the full text
   */
  record Row(ApiKey key, byte[] hash) {}

  void insert(ApiKey key, byte[] hash) {
    jdbc.sql(
            """
            insert into api_key (id, tenant, name, hash, scopes, created_at, expires_at)
            values (:id, :tenant, :name, :hash, string_to_array(:scopes, ' '), :created, :expires)
            """)
        .param("id", key.id())
        .param("tenant", key.tenant())
        .param("name", key.name())
        .param("hash", hash)
        .param("scopes", key.scopes().stream().map(Scope::value).collect(Collectors.joining(" ")))
        .param("created", utc(key.createdAt()))
        .param("expires", utc(key.expiresAt()))
        .update();
  }

  Optional<Row> find(String id) {
    return jdbc.sql("select * from api_key where id = :id")
        .param("id", id)
        .query((row, number) -> new Row(key(row), row.getBytes("hash")))
        .optional();
  }

  List<ApiKey> list(Tenant tenant) {
    return jdbc.sql("select * from api_key where tenant = :tenant order by created_at desc, id")
        .param("tenant", tenant.id())
        .query((row, number) -> key(row))
        .list();
  }

  boolean revoke(String id, Instant now) {
    return jdbc.sql(
                """
                update api_key set revoked_at = coalesce(revoked_at, :now) where id = :id
                """)
            .param("id", id)
            .param("now", utc(now))
            .update()
        == 1;
  }

  void used(String id, Instant now) {
    jdbc.sql("update api_key set last_used_at = :now where id = :id")
        .param("id", id)
        .param("now", utc(now))
        .update();
  }

  boolean anyUsable(Instant now) {
    return jdbc.sql(
            """
            select exists (
              select from api_key
              where revoked_at is null and (expires_at is null or expires_at > :now))
            """)
        .param("now", utc(now))
        .query(Boolean.class)
        .single();
  }

  private static ApiKey key(ResultSet row) throws SQLException {
    Array scopes = row.getArray("scopes");
    return new ApiKey(
        row.getString("id"),
        row.getString("tenant"),
        row.getString("name"),
        Arrays.stream((String[]) scopes.getArray())
            .map(Scope::of)
            .collect(Collectors.toUnmodifiableSet()),
        row.getObject("created_at", OffsetDateTime.class).toInstant(),
        instant(row, "expires_at"),
        instant(row, "last_used_at"),
        instant(row, "revoked_at"));
  }

  private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }

  private static @Nullable OffsetDateTime utc(@Nullable Instant time) {
    return time == null ? null : time.atOffset(ZoneOffset.UTC);
  }
}
