package io.diptych.artifact;

import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Where a blob is: its owner, what it is, and the digest of its bytes. Equal bytes of one owner and
 * kind are one blob; equal bytes of two owners are two, so that deleting one owner's never touches
 * the other's.
 *
 * @param owner the decomposition or generation it was made for; of a mark, the database
 * @param kind what it is
 * @param sha256 of its bytes, 64 lower-case hex digits
 */
public record BlobKey(UUID owner, BlobKind kind, String sha256) {

  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  public BlobKey {
    if (!SHA256.matcher(sha256).matches()) {
      throw new IllegalArgumentException("A SHA-256 has 64 lower-case hex digits: " + sha256);
    }
  }

  /**
   * Reads {@link #toString()} back.
   *
   * @throws IllegalArgumentException when it is not exactly that
   */
  public static BlobKey parse(String path) {
    String[] parts = path.split("/", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException("A blob key has three parts: " + path);
    }
    BlobKey key = new BlobKey(UUID.fromString(parts[0]), BlobKind.ofFolder(parts[1]), parts[2]);
    if (!key.toString().equals(path)) {
      // UUID.fromString accepts short and upper-case forms.
      throw new IllegalArgumentException("Not in canonical form: " + path);
    }
    return key;
  }

  /** {@code owner/kind/sha256}, which is also its path below the store's root. */
  @Override
  public String toString() {
    return owner + "/" + kind.folder() + "/" + sha256;
  }
}
