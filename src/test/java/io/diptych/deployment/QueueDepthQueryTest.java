package io.diptych.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.database.TestDatabase;
import io.diptych.job.Job;
import io.diptych.job.JobKind;
import io.diptych.job.QueueFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.Test;

/** The query by which KEDA scales workers. */
class QueueDepthQueryTest {

  private static final Path QUERY = Path.of("helm/diptych/files/queue-depth.sql");

  @Test
  void countsJobsThatWaitOrRunAndNoOthers() throws IOException {
    String query = Files.readString(QUERY);
    try (TestDatabase database = TestDatabase.create()) {
      QueueFixture queue = QueueFixture.over(database, Clock.systemUTC());
      assertThat(depth(queue, query)).isZero();

      queue.submit(JobKind.DECOMPOSITION, "a", "runs");
      queue.claim(JobKind.DECOMPOSITION, 1);
      queue.submit(JobKind.DECOMPOSITION, "a", "waits");
      queue.submit(JobKind.GENERATION, "b", "waits");
      Job canceled = queue.submit(JobKind.GENERATION, "b", "is canceled");
      queue.queue.jobs().cancel("b", canceled.id());

      assertThat(depth(queue, query)).isEqualTo(3);
    }
  }

  private static int depth(QueueFixture queue, String query) {
    return queue.sql.sql(query).query(Integer.class).single();
  }
}
