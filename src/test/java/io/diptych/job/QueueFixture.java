package io.diptych.job;

import com.fasterxml.uuid.Generators;
import io.diptych.database.TestDatabase;
import io.diptych.job.ticket.TicketOffice;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A queue over a database, built without Spring. */
public final class QueueFixture {

  public static final JsonMapper JSON = JsonMapper.builder().build();

  public final DataSource dataSource;
  public final JdbcClient sql;
  public final TransactionTemplate transaction;
  public final TicketOffice tickets;
  public final JobQueue queue;
  public final List<JobEnded> ended = new CopyOnWriteArrayList<>();
  public final List<AttemptFailed> failed = new CopyOnWriteArrayList<>();

  private QueueFixture(
      DataSource dataSource, Clock clock, QueueSettings settings, List<JobRemoval> removals) {
    this.dataSource = dataSource;
    this.sql = JdbcClient.create(dataSource);
    this.transaction = new TransactionTemplate(new JdbcTransactionManager(dataSource));
    this.tickets = new TicketOffice(dataSource, Generators.timeBasedEpochGenerator()::generate);
    this.queue =
        JobQueue.over(
            dataSource,
            transaction,
            JSON,
            clock,
            new Random(1),
            settings,
            tickets,
            removals,
            this::hear);
  }

  public static QueueFixture over(DataSource dataSource, Clock clock, QueueSettings settings) {
    return new QueueFixture(dataSource, clock, settings, List.of());
  }

  public static QueueFixture over(TestDatabase database, Clock clock) {
    return over(database.dataSource(), clock, QueueSettings.defaults());
  }

  public static QueueFixture over(
      TestDatabase database, Clock clock, QueueSettings settings, List<JobRemoval> removals) {
    return new QueueFixture(database.dataSource(), clock, settings, removals);
  }

  private void hear(JobNotice notice) {
    if (notice instanceof JobEnded end) {
      ended.add(end);
    } else if (notice instanceof AttemptFailed failure) {
      failed.add(failure);
    }
  }

  /** A request that says its name. */
  public static JsonNode request(String name) {
    return JSON.valueToTree(Map.of("name", name));
  }

  public Job submit(JobKind kind, String tenant, String name) {
    return queue.jobs().submit(Submission.of(kind, tenant, request(name)).build());
  }

  public Job read(Job job) {
    return queue.jobs().find(job.tenant(), job.id()).orElseThrow();
  }

  /** Claims as a lane with a ticket of its own would. */
  public Claim claim(JobKind kind, int batch) {
    return claim(UUID.randomUUID(), 2, kind, batch, LaneCapacity.UNLIMITED);
  }

  public Claim claim(UUID ticket, long version, JobKind kind, int batch, LaneCapacity capacity) {
    return queue
        .claims()
        .claim(new ClaimRequest(ticket, version, kind, "test-worker", "lane", batch, capacity));
  }

  /** The one job that a lane gets next. */
  public ClaimedJob take(JobKind kind) {
    return ((Claim.Taken) claim(kind, 1)).jobs().get(0);
  }

  public static String name(ClaimedJob job) {
    return job.request().get("name").asString();
  }
}
