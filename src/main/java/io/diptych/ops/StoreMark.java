package io.diptych.ops;

import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.StoredBlob;
import io.diptych.job.Jobs;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Tells whose a blob store is. To a database that was created anew, or that shares its bucket with
 * another one, the other's blobs look as if nothing needed them. So every database that has jobs
 * leaves a mark in its store, a blob of kind {@link BlobKind#INSTALLATION} that it owns, and takes
 * nothing for its own that was stored before it came to be.
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
   * Since when all that the store holds is this database's. Leaves the mark where there is none,
   * unless the database has no jobs: an empty one may be there by mistake.
   *
   * @return empty while the store may be another one's: another mark is there, or this one's was
   *     not
   */
  Optional<Instant> ownSince() {
    Installation own =
        sql.sql("select id, since from installation").query(Installation.class).single();
    Set<UUID> marks = marks();
    boolean marked = marks.remove(own.id());
    if (!marked && !jobs.isEmpty()) {
      store.put(own.id(), BlobKind.INSTALLATION, TEXT.getBytes(StandardCharsets.UTF_8));
    }
    if (!marks.isEmpty()) {
      log.error(
          "The store holds marks of other databases, {}, so no left-overs are deleted. Give every"
              + " database a bucket, prefix or folder of its own. If this one took the place of a"
              + " lost one, restore that one's backup. Delete a mark only if its database will not"
              + " come back.",
          marks);
    }
    return marked && marks.isEmpty() ? Optional.of(own.since().toInstant()) : Optional.empty();
  }

  private Set<UUID> marks() {
    try (Stream<StoredBlob> all = store.list()) {
      return all.map(StoredBlob::key)
          .filter(key -> key.kind() == BlobKind.INSTALLATION)
          .map(BlobKey::owner)
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private record Installation(UUID id, OffsetDateTime since) {}
}
