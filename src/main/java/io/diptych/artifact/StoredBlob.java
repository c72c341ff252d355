package io.diptych.artifact;

import java.time.Instant;

/**
 * A blob that is in the store.
 *
 * @param key where
 * @param bytes its length
 * @param stored when it was last put, by the store's clock
 */
public record StoredBlob(BlobKey key, long bytes, Instant stored) {}
