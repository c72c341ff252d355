package io.diptych.http.idempotency;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** The table {@code idempotency_key}. */
@Repository
class IdempotencyTable {

  private final JdbcClient jdbc;
  private final JsonMapper json;

  IdempotencyTable(JdbcClient jdbc, JsonMapper json) {
    this.jdbc = jdbc;
    this.json = json;
  }

  /**
   * What the first request left.
   *
   * @param answer null while it is being made
   */
  record Row(
      Fingerprint fingerprint, UUID resourceId, @Nullable Answer answer, Instant claimedAt) {}

  /**
   * Takes the key for this transaction, if it is free or expired. Waits while another transaction
   * that has it is open, for at most five seconds.
   */
  boolean claim(IdempotentRequest request, IdempotencyKey key, Instant now, Instant expires) {
    String before = lockTimeout("5s");
    int rows =
        jdbc.sql(
                """
                insert into idempotency_key as known
                  (tenant, route, key, fingerprint, claimed_at, expires_at)
                values (:tenant, :route, :key, :fingerprint, :now, :expires)
                on conflict (tenant, route, key) do update set
                  fingerprint = excluded.fingerprint, resource_id = null, status = null,
                  headers = null, body = null,
                  claimed_at = excluded.claimed_at, expires_at = excluded.expires_at
                where known.expires_at <= excluded.claimed_at
                """)
            .param("tenant", request.tenant().id())
            .param("route", request.route())
            .param("key", key.value())
            .param("fingerprint", request.fingerprint().bytes())
            .param("now", utc(now))
            .param("expires", utc(expires))
            .update();
    lockTimeout(before);
    return rows == 1;
  }

  /** The resource exists; the time until its answer counts from now. */
  void made(IdempotentRequest request, IdempotencyKey key, UUID resourceId, Instant now) {
    jdbc.sql(
            """
            update idempotency_key set resource_id = :resource, claimed_at = :now
            where tenant = :tenant and route = :route and key = :key
            """)
        .param("resource", resourceId)
        .param("now", utc(now))
        .param("tenant", request.tenant().id())
        .param("route", request.route())
        .param("key", key.value())
        .update();
  }

  /** Keeps the first answer, once. */
  void keep(IdempotentRequest request, IdempotencyKey key, Answer answer) {
    jdbc.sql(
            """
            update idempotency_key
            set status = :status, headers = cast(:headers as jsonb), body = :body
            where tenant = :tenant and route = :route and key = :key and status is null
              and fingerprint = :fingerprint
            """)
        .param("status", answer.status())
        .param("headers", json.writeValueAsString(answer.headers()))
        .param("body", answer.body())
        .param("tenant", request.tenant().id())
        .param("route", request.route())
        .param("key", key.value())
        .param("fingerprint", request.fingerprint().bytes())
        .update();
  }

  Optional<Row> find(IdempotentRequest request, IdempotencyKey key) {
    return jdbc.sql(
            """
            select * from idempotency_key
            where tenant = :tenant and route = :route and key = :key
            """)
        .param("tenant", request.tenant().id())
        .param("route", request.route())
        .param("key", key.value())
        .query((row, number) -> row(row))
        .optional();
  }

  int deleteExpired(Instant now) {
    return jdbc.sql("delete from idempotency_key where expires_at <= :now")
        .param("now", utc(now))
        .update();
  }

  /** Sets the lock timeout of this transaction and returns the one before. */
  private String lockTimeout(String time) {
    String before = jdbc.sql("select current_setting('lock_timeout')").query(String.class).single();
    jdbc.sql("select set_config('lock_timeout', :time, true)")
        .param("time", time)
        .query(String.class)
        .single();
    return before;
  }

  private Row row(ResultSet row) throws SQLException {
    return new Row(
        new Fingerprint(HexFormat.of().formatHex(row.getBytes("fingerprint"))),
        row.getObject("resource_id", UUID.class),
        answer(row),
        row.getObject("claimed_at", OffsetDateTime.class).toInstant());
  }

  private @Nullable Answer answer(ResultSet row) throws SQLException {
    int status = row.getInt("status");
    return row.wasNull()
        ? null
        : new Answer(
            status,
            json.readValue(row.getString("headers"), new TypeReference<Map<String, String>>() {}),
            row.getString("body"));
  }

  private static OffsetDateTime utc(Instant time) {
    return time.atOffset(ZoneOffset.UTC);
  }
}
