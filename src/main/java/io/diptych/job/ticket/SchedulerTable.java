package io.diptych.job.ticket;

import io.diptych.job.JobKind;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * A table of db-scheduler and the task names that belong into it. A scheduler deletes the rows of
 * tasks that it does not know (after 14 days by default), so no two schedulers may share a table.
 *
 * @param name of the table
 * @param ours which task names may occur
 */
public record SchedulerTable(String name, Predicate<String> ours) {

  /** The table with the tickets of one kind. */
  static SchedulerTable of(JobKind kind) {
    return new SchedulerTable("ticket_" + task(kind), task(kind)::equals);
  }

  /** The task name of the tickets of a kind. */
  static String task(JobKind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Checks before a scheduler starts that the table is its own.
   *
   * @throws IllegalStateException if it holds tasks of someone else
   */
  public void requireUnshared(DataSource dataSource) {
    List<String> foreign =
        JdbcClient.create(dataSource)
            .sql("select distinct task_name from " + name + " order by task_name")
            .query(String.class)
            .list()
            .stream()
            .filter(ours.negate())
            .toList();
    if (!foreign.isEmpty()) {
      throw new IllegalStateException(
          "Table %s holds tasks that are not ours: %s. Schedulers that share a table delete each"
                  .formatted(name, foreign)
              + " other's rows, so this one does not start. Give the other application a table or a"
              + " schema of its own, then remove its rows here.");
    }
  }
}
