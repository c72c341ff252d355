package io.diptych.artifact;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Keeps bytes under their owner and their digest. A blob is there whole or not at all, and never
 * changes; so a writer that was declared dead can waste space but cannot harm what others read.
 *
 * <p>Safe for any number of threads and processes. Every method may throw {@link
 * BlobStoreException}.
 */
public interface BlobStore {

  /**
   * Stores all of a stream, durably before it returns. Closing the stream is the caller's. Storing
   * the same bytes again is no error; it makes the blob young again for {@link
   * StoredBlob#stored()}.
   *
   * @throws IOException when the stream fails; nothing is stored then
   */
  StoredBlob put(UUID owner, BlobKind kind, InputStream content) throws IOException;

  /** Stores bytes, durably before it returns. */
  default StoredBlob put(UUID owner, BlobKind kind, byte[] content) {
    try {
      return put(owner, kind, new ByteArrayInputStream(content));
    } catch (IOException e) {
      // An array cannot fail to be read, so it was the store that failed to write.
      throw new BlobStoreException("Could not store a blob of " + owner, e);
    }
  }

  /**
   * The blob from its start; the caller closes it. Where the store is told to verify, the last read
   * throws {@link BlobDamagedException} when the bytes were not those stored.
   *
   * @throws BlobMissingException when there is none
   */
  InputStream open(BlobKey key);

  /**
   * Part of the blob, never verified; the caller closes it.
   *
   * @param offset of its first byte
   * @param length in bytes, at least 1
   * @throws IllegalArgumentException when the part is not within the blob
   * @throws BlobMissingException when there is none
   */
  InputStream open(BlobKey key, long offset, long length);

  /**
   * The whole blob, always verified.
   *
   * @throws BlobMissingException when there is none
   * @throws BlobDamagedException when the bytes are not those stored
   */
  byte[] read(BlobKey key);

  /** Size and age of a blob, empty when there is none. */
  Optional<StoredBlob> find(BlobKey key);

  default boolean exists(BlobKey key) {
    return find(key).isPresent();
  }

  /** Deletes one blob; no error when there is none. */
  void delete(BlobKey key);

  /**
   * Deletes every blob of an owner, and no other's. Blobs put meanwhile may survive, so callers
   * first end what puts them.
   *
   * @return how many were deleted
   */
  int deleteAll(UUID owner);

  /** Every blob, in no particular order, for housekeeping; the caller closes the stream. */
  Stream<StoredBlob> list();

  /** Every blob of an owner, in no particular order; the caller closes the stream. */
  Stream<StoredBlob> list(UUID owner);

  /**
   * Asks the store for a sign of life.
   *
   * @throws BlobStoreException saying what is wrong and what an operator may do
   */
  void check();
}
