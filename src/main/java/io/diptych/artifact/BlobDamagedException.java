package io.diptych.artifact;

/** The bytes under a key are not the bytes that were stored. Trying again does not help. */
public final class BlobDamagedException extends BlobStoreException {

  public BlobDamagedException(BlobKey key) {
    super(
        "The blob "
            + key
            + " does not have the digest it was stored under; restore it from a backup, or delete"
            + " what it belongs to");
  }
}
