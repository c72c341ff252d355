package io.diptych.ops;

import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import java.util.Collection;
import java.util.Set;

/**
 * Knows which blobs of some kinds are still needed. A bean of the feature that stores them; what
 * nobody knows is left alone.
 */
public interface BlobOwner {

  /** Kinds that this feature alone stores. */
  Set<BlobKind> kinds();

  /**
   * Which of these blobs something refers to, or may yet come to refer to.
   *
   * @param blobs of {@link #kinds()}, a few hundred at most
   */
  Set<BlobKey> needed(Collection<BlobKey> blobs);
}
