package io.diptych.job.ticket;

import io.diptych.job.JobKind;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * A table of db-scheduler and the task names that belong into it. A scheduler deletes the rows of
 * tasks that it does not know (after 14 days by default), so no two schedulers may share a table.
 *
 * @param name of the table
 * @param taskNames all names that may occur
 */
public record TicketTable(String name, Set<String> taskNames) {

  /** The table with the tickets of one kind. */
  public static TicketTable of(JobKind kind) {
    String word = kind.name().toLowerCase(Locale.ROOT);
    return new TicketTable("ticket_" + word, Set.of(word));
  }

  /** The task name of the tickets of a kind. */
  static String task(JobKind kind) {
    return of(kind).taskNames().iterator().next();
  }

  /**
   * Checks before a scheduler starts that the table is its own.
   *
   * @throws IllegalStateException if it holds tasks of someone else
   */
  public void requireUnshared(DataSource dataSource) {
    List<String> found =
        JdbcClient.create(dataSource)
            .sql("select distinct task_name from " + name)
            .query(String.class)
            .list();
    Set<String> foreign = new TreeSet<>(found);
    foreign.removeAll(taskNames);
    if (!foreign.isEmpty()) {
      throw new IllegalStateException(
          "Table %s holds tasks that are not ours: %s. Schedulers that share a table delete each"
                  .formatted(name, foreign)
              + " other's rows, so this one does not start. Give the other application a table or a"
              + " schema of its own, then remove its rows here.");
    }
  }
}
