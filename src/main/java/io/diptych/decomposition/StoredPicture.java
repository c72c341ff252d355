package io.diptych.decomposition;

import io.diptych.artifact.BlobStore;
import io.diptych.artifact.BlobStoreException;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A picture that is in the store for a decomposition that does not exist yet. Closing it deletes
 * the picture again, unless a decomposition was made of it.
 */
public final class StoredPicture implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(StoredPicture.class);

  private final BlobStore store;
  private final UUID id;
  private final Decomposition.Picture picture;
  private final String sourceSha256;
  private boolean used;

  StoredPicture(BlobStore store, UUID id, Decomposition.Picture picture, String sourceSha256) {
    this.store = store;
    this.id = id;
    this.picture = picture;
    this.sourceSha256 = sourceSha256;
  }

  /** Of the decomposition to be. */
  UUID id() {
    return id;
  }

  Decomposition.Picture picture() {
    return picture;
  }

  /** Of the file that was sent, lower-case hex. */
  public String sourceSha256() {
    return sourceSha256;
  }

  /**
   * A decomposition names it. Whether the transaction around that commits may never be known, so
   * from here on only the sweep may decide that nobody needs the picture.
   */
  void used() {
    used = true;
  }

  @Override
  public void close() {
    if (used) {
      return;
    }
    try {
      store.deleteAll(id);
    } catch (BlobStoreException e) {
      log.warn("The picture of {} is left over; the sweep deletes it.", id, e);
    }
  }
}
