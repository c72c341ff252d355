package io.diptych.job.ticket;

import com.github.kagkarlsson.scheduler.SchedulerClient;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import io.diptych.database.PostgresExceptionTranslator;
import io.diptych.job.JobKind;
import io.diptych.job.TicketIssuer;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;

/** Issues tickets through db-scheduler's client; all that an API-only process has of it. */
public final class TicketOffice implements TicketIssuer {

  private final Map<JobKind, SchedulerClient> clients = new EnumMap<>(JobKind.class);
  private final JdbcClient sql;
  private final Supplier<UUID> ids;

  public TicketOffice(DataSource dataSource, Supplier<UUID> ids) {
    this.ids = ids;
    this.sql = PostgresExceptionTranslator.client(dataSource);
    // The client writes in the transaction of whoever submits a job.
    DataSource joining = new TransactionAwareDataSourceProxy(dataSource);
    for (JobKind kind : JobKind.values()) {
      clients.put(
          kind,
          SchedulerClient.Builder.create(joining)
              .tableName(SchedulerTable.of(kind).name())
              .serializer(new NoTaskData())
              .build());
    }
  }

  @Override
  public void issue(JobKind kind, Instant at) {
    clients
        .get(kind)
        .scheduleIfNotExists(
            new TaskInstance<Void>(SchedulerTable.task(kind), ids.get().toString()), at);
  }

  @Override
  public int waiting(JobKind kind) {
    return sql.sql("select count(*) from " + SchedulerTable.of(kind).name() + " where not picked")
        .query(Integer.class)
        .single();
  }

  /** Every ticket that exists, picked or not. */
  public Set<UUID> all() {
    Set<UUID> tickets = new HashSet<>();
    for (JobKind kind : JobKind.values()) {
      sql.sql("select task_instance from " + SchedulerTable.of(kind).name())
          .query((row, number) -> UUID.fromString(row.getString(1)))
          .list()
          .forEach(tickets::add);
    }
    return tickets;
  }
}
