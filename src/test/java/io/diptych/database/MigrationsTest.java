package io.diptych.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.job.QueueFixture;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationVersion;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Migrations on a database with rows in it, as an upgrade meets it. */
class MigrationsTest {

  /** The last one before the first that changes rows. */
  private static final String BEFORE = "40";

  private static final UUID WAITING = id(1);
  private static final UUID LEARNED = id(2);
  private static final UUID BEING_CANCELED = id(3);
  private static final UUID BEING_DELETED = id(4);
  private static final UUID DELETED_AND_ENDED = id(5);
  private static final UUID GENERATION = id(6);

  /** Parts of decompositions and of jobs, with the column that names whose. */
  private static final Map<String, String> OF_A_JOB =
      Map.of(
          "job", "id",
          "attempt", "job_id",
          "job_event", "job_id",
          "checkpoint", "job_id",
          "decomposition", "id",
          "preview", "decomposition_id");

  private static TestDatabase database;
  private static JdbcClient sql;
  private static Map<String, List<String>> before;

  private static UUID id(int number) {
    return UUID.fromString("01980000-0000-7000-8000-%012d".formatted(number));
  }

  @BeforeAll
  static void upgrade() {
    database = TestDatabase.createEmpty();
    sql = JdbcClient.create(database.dataSource());
    flyway(BEFORE).migrate();
    fill();
    before = rows();
    int applied = flyway("latest").migrate().migrationsExecuted;
    System.out.printf(
        "Migrations: %d after V%s on %d tables with rows.%n", applied, BEFORE, before.size());
  }

  @AfterAll
  static void drop() {
    database.close();
  }

  private static Flyway flyway(String target) {
    return Flyway.configure()
        .dataSource(database.dataSource())
        .target(MigrationVersion.fromVersion(target))
        .load();
  }

  private static void fill() {
    sql.sql("insert into tenant_share (tenant, weight, created_at) values ('alice', 2, now())")
        .update();
    sql.sql("insert into tenant_turn values ('alice', 'DECOMPOSITION', 1.5, now())").update();
    sql.sql("insert into queue_clock values ('DECOMPOSITION', 1.5)").update();
    decomposition(WAITING, "QUEUED", false);
    decomposition(LEARNED, "SUCCEEDED", false);
    decomposition(BEING_CANCELED, "CANCEL_REQUESTED", false);
    decomposition(BEING_DELETED, "CANCEL_REQUESTED", true);
    decomposition(DELETED_AND_ENDED, "CANCELED", true);
    job(GENERATION, "GENERATION", "CANCEL_REQUESTED");
    sql.sql(
            """
            insert into generation_log
            values (:job, 0, 'alice', 7, :content, null, 'digest', sha256('a'), sha256('b'), 1,
                now())
            """)
        .param("job", GENERATION)
        // It says for ever what a picture was made from, whatever became of that.
        .param("content", DELETED_AND_ENDED)
        .update();
    for (String table : List.of("ticket_decomposition", "ticket_generation", "housekeeping_task")) {
      for (String task :
          List.of(
              "diptych-finish-deletions",
              "diptych-sweep-decomposition-blobs",
              "diptych-sweep-blobs")) {
        sql.sql(
                "insert into "
                    + table
                    + " (task_name, task_instance, execution_time, picked, version)"
                    + " values (:task, 'recurring', now(), false, 1)")
            .param("task", task)
            .update();
      }
    }
    sql.sql(
            """
            insert into idempotency_key
                (tenant, route, key, fingerprint, resource_id, claimed_at, expires_at)
            values ('alice', 'POST /decompositions', 'key', sha256('request'), :resource, now(),
                now())
            """)
        .param("resource", LEARNED)
        .update();
    sql.sql(
            """
            insert into api_key (id, tenant, name, hash, scopes, created_at)
            values ('dpt_1', 'alice', 'first', sha256('key'), '{jobs:read}', now())
            """)
        .update();
    sql.sql("insert into signing_secret values ('cursors', sha256('secret'), now())").update();
  }

  private static void decomposition(UUID id, String state, boolean deleting) {
    job(id, "DECOMPOSITION", state);
    boolean learned = state.equals("SUCCEEDED");
    sql.sql(
            """
            insert into decomposition
                (id, tenant, model_digest, image_sha256, image_width, image_height, concept_sha256,
                 concept_bytes, learned_at, step_millis, deleting)
            values (:id, 'alice', 'digest', 'picture', 96, 96, :concept, :bytes,
                case when :learned then now() end, 12.5, :deleting)
            """)
        .param("id", id)
        .param("concept", learned ? "concept" : null, java.sql.Types.VARCHAR)
        .param("bytes", learned ? 1_000_000L : null, java.sql.Types.BIGINT)
        .param("learned", learned)
        .param("deleting", deleting)
        .update();
    sql.sql("insert into preview values (:id, 50, 1, 'preview')").param("id", id).update();
  }

  private static void job(UUID id, String kind, String state) {
    boolean held = state.equals("CANCEL_REQUESTED");
    boolean ended = state.equals("SUCCEEDED") || state.equals("CANCELED");
    sql.sql(
            """
            insert into job
                (id, kind, tenant, state, priority, queue_order, labels, request, ticket,
                 ticket_version, created_at, queued_at, updated_at, finished_at)
            values (:id, :kind, 'alice', :state, 0, now(), '{"team": "red"}', '{"name": "fox"}',
                :ticket, 1, now(), now(), now(), case when :ended then now() end)
            """)
        .param("id", id)
        .param("kind", kind)
        .param("state", state)
        .param("ticket", held ? UUID.randomUUID() : null, java.sql.Types.OTHER)
        .param("ended", ended)
        .update();
    sql.sql(
            """
            insert into attempt (job_id, fence, number, worker, lane, batch_size, started_at)
            values (:id, 1, 1, 'worker', 'cpu', 1, now())
            """)
        .param("id", id)
        .update();
    sql.sql("insert into job_event values (:id, 1, now(), 'QUEUED', '{}')")
        .param("id", id)
        .update();
    sql.sql("insert into checkpoint values (:id, 25, 1, 'state', now())").param("id", id).update();
  }

  /** All rows of all tables as they were written: without what later migrations added. */
  private static Map<String, List<String>> rows() {
    Map<String, List<String>> rows = new TreeMap<>();
    for (String table :
        sql.sql("select tablename from pg_tables where schemaname = 'public'")
            .query(String.class)
            .list()) {
      if (!table.startsWith("flyway")) {
        rows.put(
            table,
            sql.sql(
                    "select (to_jsonb(t) - 'removing' - 'source_sha256')::text from %s t order by 1"
                        .formatted(table))
                .query(String.class)
                .list());
      }
    }
    return rows;
  }

  @Test
  void everyTableHeldRows() {
    assertThat(before).allSatisfy((table, rows) -> assertThat(rows).as(table).isNotEmpty());
    assertThat(before).hasSizeGreaterThanOrEqualTo(16).containsKeys("job", "generation_log");
  }

  /** V41. */
  @Test
  void aRemovalThatWaitsForItsLaneIsKnownToTheQueue() {
    assertThat(sql.sql("select id from job where removing order by id").query(UUID.class).list())
        .containsExactly(BEING_DELETED);
    QueueFixture queue = QueueFixture.over(database, Clock.systemUTC());
    assertThat(queue.queue.jobs().find("alice", BEING_DELETED)).as("seen by its owner").isEmpty();
    assertThat(queue.queue.jobs().find("alice", BEING_CANCELED)).isPresent();
  }

  /** V41. */
  @Test
  void whatWasDeletedAndHasEndedIsGoneWithEverythingOfIt() {
    assertThat(before.get("job")).anyMatch(row -> row.contains(DELETED_AND_ENDED.toString()));
    OF_A_JOB.forEach(
        (table, column) ->
            assertThat(
                    sql.sql("select count(*) from %s where %s = :id".formatted(table, column))
                        .param("id", DELETED_AND_ENDED)
                        .query(Integer.class)
                        .single())
                .as(table)
                .isZero());
  }

  /** V42. */
  @Test
  void choresThatBecamePartsOfOthersAreForgotten() {
    assertThat(sql.sql("select task_name from housekeeping_task").query(String.class).list())
        .containsExactly("diptych-sweep-blobs");
  }

  /** V51. */
  @Test
  void picturesFromBeforeHaveNoDigestOfTheirFile() {
    assertThat(
            sql.sql("select count(*) from decomposition where source_sha256 is null")
                .query(Integer.class)
                .single())
        .isEqualTo(4);
  }

  @Test
  void everythingElseIsAsItWas() {
    Map<String, List<String>> expected = new TreeMap<>();
    before.forEach(
        (table, rows) ->
            expected.put(table, rows.stream().filter(row -> !goes(table, row)).toList()));

    Map<String, List<String>> after = rows();

    assertThat(new TreeSet<>(after.keySet())).containsAll(before.keySet());
    expected.forEach((table, rows) -> assertThat(after.get(table)).as(table).isEqualTo(rows));
  }

  private static boolean goes(String table, String row) {
    if (table.equals("housekeeping_task")) {
      return row.contains("finish-deletions") || row.contains("sweep-decomposition-blobs");
    }
    return OF_A_JOB.containsKey(table) && row.contains(DELETED_AND_ENDED.toString());
  }
}
