package io.diptych.ops;

import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.BlobStoreException;
import io.diptych.artifact.StoredBlob;
import io.diptych.job.Job;
import io.diptych.job.JobRemoval;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Deletes blobs after what they belonged to: those of a removed job soon, and those that nothing
 * refers to once they are old.
 *
 * <p>Bytes are stored before the rows that name them and deleted after them, so a process that dies
 * in between leaves blobs and never rows without theirs. A lane that lost its job leaves what it
 * had stored, too.
 */
final class BlobCleaner implements JobRemoval, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(BlobCleaner.class);

  private static final int AT_ONCE = 500;

  private static final int THREADS = 2;
  private static final int WAITING = 10_000;
  private static final Duration FAREWELL = Duration.ofSeconds(5);

  private final BlobStore store;
  private final Supplier<List<BlobOwner>> owners;
  private final Clock clock;
  private final ThreadPoolExecutor deletions =
      new ThreadPoolExecutor(
          THREADS,
          THREADS,
          FAREWELL.toSeconds(),
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(WAITING),
          new CustomizableThreadFactory("blob-deletion-"));

  /**
   * @param owners looked up late: features use the queue, which tells this class of removals
   */
  BlobCleaner(BlobStore store, Supplier<List<BlobOwner>> owners, Clock clock) {
    this.store = store;
    this.owners = owners;
    this.clock = clock;
    deletions.allowCoreThreadTimeOut(true);
  }

  /** Blobs go after the commit: a removal that is rolled back must find them. */
  @Override
  public void removing(Job job) {
    TransactionSynchronizationManager.registerSynchronization(
        new TransactionSynchronization() {
          @Override
          public void afterCommit() {
            later(job.id());
          }
        });
  }

  /** By another thread: this one holds a connection until its commit is told to everyone. */
  private void later(UUID job) {
    try {
      deletions.execute(() -> deleteAll(job));
    } catch (RejectedExecutionException e) {
      log.warn("Blobs of {} are left over, as too many wait; the sweep deletes them.", job);
    }
  }

  /** Deletes what waits, as far as that is quick; the sweep deletes the rest. */
  @Override
  public void close() {
    deletions.shutdown();
    try {
      if (!deletions.awaitTermination(FAREWELL.toSeconds(), TimeUnit.SECONDS)) {
        log.warn("Blobs of removed jobs are left over; the sweep deletes them.");
        deletions.shutdownNow();
      }
    } catch (InterruptedException e) {
      deletions.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  private void deleteAll(UUID job) {
    try {
      store.deleteAll(job);
    } catch (BlobStoreException e) {
      log.warn("Blobs of {} are left over; the sweep deletes them.", job, e);
    }
  }

  /**
   * Deletes what nothing refers to.
   *
   * @param since only blobs stored after this
   * @param orphansAfter only blobs older than this; longer than anything takes from its first blob
   *     to the rows that name it
   * @return blobs deleted
   */
  int sweep(Instant since, Duration orphansAfter) {
    Instant before = clock.instant().minus(orphansAfter);
    return owners.get().stream().mapToInt(owner -> sweep(owner, since, before)).sum();
  }

  private int sweep(BlobOwner owner, Instant since, Instant before) {
    Set<BlobKind> kinds = owner.kinds();
    int deleted = 0;
    try (Stream<StoredBlob> all = store.list()) {
      Iterator<StoredBlob> old =
          all.filter(blob -> kinds.contains(blob.key().kind()))
              .filter(blob -> blob.stored().isAfter(since) && blob.stored().isBefore(before))
              .iterator();
      while (old.hasNext()) {
        List<BlobKey> batch = new ArrayList<>();
        while (old.hasNext() && batch.size() < AT_ONCE) {
          batch.add(old.next().key());
        }
        Set<BlobKey> needed = owner.needed(batch);
        List<BlobKey> orphans = batch.stream().filter(key -> !needed.contains(key)).toList();
        orphans.forEach(store::delete);
        deleted += orphans.size();
      }
    }
    return deleted;
  }
}
