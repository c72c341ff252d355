package io.diptych.artifact;

/** There is no blob under this key: deleted, or never stored. Trying again does not help. */
public final class BlobMissingException extends BlobStoreException {

  public BlobMissingException(BlobKey key) {
    super("There is no blob " + key);
  }
}
