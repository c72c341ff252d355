package io.diptych.decomposition;

import io.diptych.decomposition.Decomposition.Picture;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The tables {@code decomposition} and {@code preview}. */
final class DecompositionRows {

  private static final int AT_ONCE = 200;

  private final JdbcClient sql;

  DecompositionRows(JdbcClient sql) {
    this.sql = sql;
  }

  /**
   * What a decomposition has beside its job.
   *
   * @param image null when the concept was imported
   * @param concept null until it has been learned
   * @param expiredAt when the concept was deleted because it was past its retention
   */
  record Row(
      UUID id, @Nullable Picture image, @Nullable Learned concept, @Nullable Instant expiredAt) {}

  /** A learned concept, as a file. */
  record Learned(String sha256, long bytes, Instant at) {}

  void insert(UUID id, String tenant, String modelDigest, Picture image) {
    sql.sql(
            """
            insert into decomposition
                (id, tenant, model_digest, image_sha256, image_width, image_height,
                 source_sha256)
            values (:id, :tenant, :model, :sha256, :width, :height, :source)
            """)
        .param("id", id)
        .param("tenant", tenant)
        .param("model", modelDigest)
        .param("sha256", image.sha256())
        .param("width", image.width())
        .param("height", image.height())
        .param("source", image.sourceSha256())
        .update();
  }

  void insertImported(UUID id, String tenant, String modelDigest, Learned concept) {
    sql.sql(
            """
            insert into decomposition
                (id, tenant, model_digest, concept_sha256, concept_bytes, learned_at)
            values (:id, :tenant, :model, :sha256, :bytes, :at)
            """)
        .param("id", id)
        .param("tenant", tenant)
        .param("model", modelDigest)
        .param("sha256", concept.sha256())
        .param("bytes", concept.bytes())
        .param("at", utc(concept.at()))
        .update();
  }

  /** Publishes a concept, in the transaction that ends its job. */
  void learned(UUID id, Learned concept, double stepMillis) {
    sql.sql(
            """
            update decomposition set concept_sha256 = :sha256, concept_bytes = :bytes,
                learned_at = :at, step_millis = nullif(:stepMillis, 0)
            where id = :id
            """)
        .param("id", id)
        .param("sha256", concept.sha256())
        .param("bytes", concept.bytes())
        .param("at", utc(concept.at()))
        .param("stepMillis", stepMillis)
        .update();
  }

  Optional<Row> find(String tenant, UUID id) {
    return sql.sql("select * from decomposition where id = :id and tenant = :tenant")
        .param("id", id)
        .param("tenant", tenant)
        .query(DecompositionRows::row)
        .optional();
  }

  Map<UUID, Row> find(String tenant, Collection<UUID> ids) {
    if (ids.isEmpty()) {
      return Map.of();
    }
    return sql
        .sql("select * from decomposition where tenant = :tenant and id in (:ids)")
        .param("tenant", tenant)
        .param("ids", ids)
        .query(DecompositionRows::row)
        .list()
        .stream()
        .collect(Collectors.toMap(Row::id, Function.identity()));
  }

  /**
   * The newest decomposition of a tenant that has this very concept. It cannot be deleted before
   * the transaction ends.
   */
  Optional<UUID> withConcept(String tenant, String sha256) {
    return sql.sql(
            """
            select id from decomposition
            where tenant = :tenant and concept_sha256 = :sha256 and expired_at is null
            order by id desc limit 1
            for key share
            """)
        .param("tenant", tenant)
        .param("sha256", sha256)
        .query(UUID.class)
        .optional();
  }

  /** Makes simultaneous imports of one file by one tenant wait for each other. */
  void lockImport(String tenant, String sha256) {
    sql.sql("select pg_advisory_xact_lock(hashtextextended(:what, 0))")
        .param("what", "import " + tenant + " " + sha256)
        .query(row -> {});
  }

  /** Which of these exist and are not past their retention. */
  Set<UUID> kept(Collection<UUID> ids) {
    return Set.copyOf(
        sql.sql("select id from decomposition where id in (:ids) and expired_at is null")
            .param("ids", ids)
            .query(UUID.class)
            .list());
  }

  /** Takes back concepts that were learned before a time; the caller deletes their files. */
  List<UUID> expire(Instant before, Instant now) {
    return sql.sql(
            """
            update decomposition set expired_at = :now
            where id in (select id from decomposition
                where learned_at < :before and expired_at is null
                order by learned_at limit :limit for no key update skip locked)
            returning id
            """)
        .param("now", utc(now))
        .param("before", utc(before))
        .param("limit", AT_ONCE)
        .query(UUID.class)
        .list();
  }

  /** Milliseconds of a step in the last runs on a model. */
  Optional<Duration> typicalStep(String modelDigest) {
    return sql.sql(
            """
            select percentile_cont(0.5) within group (order by step_millis) as millis
            from (select step_millis from decomposition
                where model_digest = :model and step_millis is not null
                order by learned_at desc limit 20) recent
            """)
        .param("model", modelDigest)
        .query(
            (row, number) -> {
              double millis = row.getDouble("millis");
              return row.wasNull()
                  ? Optional.<Duration>empty()
                  : Optional.of(Duration.ofNanos(Math.round(millis * 1e6)));
            })
        .single();
  }

  /**
   * Notes a preview, unless a younger run has noted one for the step. In the transaction that finds
   * that the run holds its job.
   */
  void preview(UUID id, int step, long fence, String sha256) {
    sql.sql(
            """
            insert into preview as known (decomposition_id, step, fence, sha256)
            values (:id, :step, :fence, :sha256)
            on conflict (decomposition_id, step) do update
            set fence = excluded.fence, sha256 = excluded.sha256
            where known.fence <= excluded.fence
            """)
        .param("id", id)
        .param("step", step)
        .param("fence", fence)
        .param("sha256", sha256)
        .update();
  }

  Optional<String> preview(UUID id, int step) {
    return sql.sql("select sha256 from preview where decomposition_id = :id and step = :step")
        .param("id", id)
        .param("step", step)
        .query(String.class)
        .optional();
  }

  List<Integer> previews(UUID id) {
    return sql.sql("select step from preview where decomposition_id = :id order by step")
        .param("id", id)
        .query(Integer.class)
        .list();
  }

  private static Row row(ResultSet row, int number) throws SQLException {
    String image = row.getString("image_sha256");
    String concept = row.getString("concept_sha256");
    Instant learnedAt = instant(row, "learned_at");
    return new Row(
        row.getObject("id", UUID.class),
        image == null
            ? null
            : new Picture(
                image,
                row.getInt("image_width"),
                row.getInt("image_height"),
                row.getString("source_sha256")),
        concept == null || learnedAt == null
            ? null
            : new Learned(concept, row.getLong("concept_bytes"), learnedAt),
        instant(row, "expired_at"));
  }

  private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    OffsetDateTime value = row.getObject(column, OffsetDateTime.class);
    return value == null ? null : value.toInstant();
  }

  private static OffsetDateTime utc(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC);
  }
}
