package io.diptych.ops;

import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.StoredBlob;
import io.diptych.job.Jobs;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Tells whose a blob store is. To a database that was created anew, or that shares its bucket with
 * another one, the other's blobs look as if nothing needed them. So every database that has jobs
 * leaves a mark in its store before each sweep: a blob of kind {@link BlobKind#INSTALLATION} that
 * it owns.
 */
final class StoreMark {

  private static final Logger log = LoggerFactory.getLogger(StoreMark.class);

  private static final String TEXT =
      """
      A Diptych database keeps its blobs beside this one. While there are marks of several databases,
      none of them deletes left-overs. Delete a mark only if its database will not come back.
      """;

  private final BlobStore store;
  private final JdbcClient sql;
  private final Jobs jobs;

  StoreMark(BlobStore store, JdbcClient sql, Jobs jobs) {
    this.store = store;
    this.sql = sql;
    this.jobs = jobs;
  }

  /**
   * Leaves this database's mark, unless it has no jobs: an empty one may be there by mistake.
   *
   * @return whether no other database has left its own
   */
  boolean claim() {
    UUID own = sql.sql("select id from installation").query(UUID.class).single();
    if (!jobs.isEmpty()) {
      store.put(own, BlobKind.INSTALLATION, TEXT.getBytes(StandardCharsets.UTF_8));
    }
    List<BlobKey> others = marksOfOthers(own);
    if (!others.isEmpty()) {
      log.error(
          "The store holds marks of other databases, {}, so no left-overs are deleted. Give every"
              + " database a bucket, prefix or folder of its own. If this one took the place of a"
              + " lost one, restore that one's backup. Delete a mark only if its database will not"
              + " come back.",
          others);
    }
    return others.isEmpty();
  }

  private List<BlobKey> marksOfOthers(UUID own) {
    try (Stream<StoredBlob> all = store.list()) {
      return all.map(StoredBlob::key)
          .filter(key -> key.kind() == BlobKind.INSTALLATION && !key.owner().equals(own))
          .toList();
    }
  }
}
