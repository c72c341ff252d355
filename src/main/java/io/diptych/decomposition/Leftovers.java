package io.diptych.decomposition;

import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.BlobStoreException;
import io.diptych.ops.BlobOwner;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What of decompositions nobody needs any more: artifacts past their retention, blobs without rows.
 */
final class Leftovers implements BlobOwner {

  private static final Logger log = LoggerFactory.getLogger(Leftovers.class);

  private final DecompositionRows rows;
  private final BlobStore store;
  private final Clock clock;

  Leftovers(DecompositionRows rows, BlobStore store, Clock clock) {
    this.rows = rows;
    this.store = store;
    this.clock = clock;
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
    expired.forEach(this::deleteBlobs);
    return expired.size();
  }

  private void deleteBlobs(UUID id) {
    try {
      store.deleteAll(id);
    } catch (BlobStoreException e) {
      log.warn(
          "Blobs of {}, which is past its retention, are left over; the sweep deletes them.",
          id,
          e);
    }
  }

  @Override
  public Set<BlobKind> kinds() {
    return EnumSet.of(BlobKind.IMAGE, BlobKind.CONCEPT, BlobKind.PREVIEW);
  }

  /** All of a decomposition that is kept: a retry reads its picture, an owner its previews. */
  @Override
  public Set<BlobKey> needed(Collection<BlobKey> blobs) {
    Set<UUID> kept = rows.kept(blobs.stream().map(BlobKey::owner).collect(Collectors.toSet()));
    return blobs.stream().filter(blob -> kept.contains(blob.owner())).collect(Collectors.toSet());
  }
}
