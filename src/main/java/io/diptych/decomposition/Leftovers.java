package io.diptych.decomposition;

import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.BlobStoreException;
import io.diptych.artifact.StoredBlob;
import io.diptych.job.Job;
import io.diptych.job.JobKind;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Deletes what nobody needs any more: files after their rows, artifacts past their retention.
 *
 * <p>Rows go first, files after the commit. What a process that dies in between leaves in the store
 * belongs to no row, and the sweep finds it.
 */
final class Leftovers {

  private static final Logger log = LoggerFactory.getLogger(Leftovers.class);

  /** Those that only decompositions make. */
  private static final Set<BlobKind> KINDS =
      EnumSet.of(BlobKind.IMAGE, BlobKind.CONCEPT, BlobKind.CHECKPOINT, BlobKind.PREVIEW);

  private static final int AT_ONCE = 500;

  private final DecompositionRows rows;
  private final BlobStore store;
  private final Clock clock;

  Leftovers(DecompositionRows rows, BlobStore store, Clock clock) {
    this.rows = rows;
    this.store = store;
    this.clock = clock;
  }

  /** A job is being removed, in the caller's transaction; its rows go with it. */
  void removing(Job job) {
    if (job.kind() != JobKind.DECOMPOSITION) {
      return;
    }
    TransactionSynchronizationManager.registerSynchronization(
        new TransactionSynchronization() {
          @Override
          public void afterCommit() {
            deleteFiles(job.id());
          }
        });
  }

  private void deleteFiles(UUID id) {
    try {
      store.deleteAll(id);
    } catch (BlobStoreException e) {
      log.warn("Files of {} are left over; the sweep deletes them.", id, e);
    }
  }

  /**
   * @param keep null: for ever
   */
  int expireArtifacts(@Nullable Duration keep) {
    if (keep == null) {
      return 0;
    }
    Instant now = clock.instant();
    List<UUID> expired = rows.expire(now.minus(keep), now);
    expired.forEach(this::deleteFiles);
    return expired.size();
  }

  /** Deletes blobs that belong to no decomposition and are older than a submission ever takes. */
  int sweepBlobs(Duration orphansAfter) {
    Instant before = clock.instant().minus(orphansAfter);
    int deleted = 0;
    try (Stream<StoredBlob> all = store.list()) {
      Iterator<StoredBlob> old =
          all.filter(blob -> KINDS.contains(blob.key().kind()) && blob.stored().isBefore(before))
              .iterator();
      while (old.hasNext()) {
        List<BlobKey> batch = new ArrayList<>();
        while (old.hasNext() && batch.size() < AT_ONCE) {
          batch.add(old.next().key());
        }
        deleted += deleteOrphans(batch);
      }
    }
    return deleted;
  }

  private int deleteOrphans(List<BlobKey> batch) {
    Set<UUID> owners = new HashSet<>(batch.stream().map(BlobKey::owner).toList());
    Set<UUID> living = rows.existing(owners);
    List<BlobKey> orphans = batch.stream().filter(key -> !living.contains(key.owner())).toList();
    orphans.forEach(store::delete);
    return orphans.size();
  }
}
