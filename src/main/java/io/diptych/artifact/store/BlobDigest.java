package io.diptych.artifact.store;

import io.diptych.artifact.BlobDamagedException;
import io.diptych.artifact.BlobKey;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of blobs, and streams that hold a blob to it. */
final class BlobDigest {

  private BlobDigest() {}

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }

  static String hex(byte[] digest) {
    return HexFormat.of().formatHex(digest);
  }

  static byte[] verified(BlobKey key, byte[] content) {
    if (!hex(sha256().digest(content)).equals(key.sha256())) {
      throw new BlobDamagedException(key);
    }
    return content;
  }

  /** Throws {@link BlobDamagedException} instead of ending, when the bytes were others. */
  static InputStream verifying(BlobKey key, InputStream content) {
    return new Verifying(key, content);
  }

  private static final class Verifying extends FilterInputStream {

    private final BlobKey key;
    private final MessageDigest digest = sha256();
    private boolean ended;

    Verifying(BlobKey key, InputStream content) {
      super(content);
      this.key = key;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int count = super.read(target, offset, length);
      if (count > 0) {
        digest.update(target, offset, count);
      } else if (count < 0 && !ended) {
        ended = true;
        if (!hex(digest.digest()).equals(key.sha256())) {
          throw new BlobDamagedException(key);
        }
      }
      return count;
    }

    /** Skipped bytes count too. */
    @Override
    public long skip(long count) throws IOException {
      return readNBytes((int) Math.min(count, 8192)).length;
    }

    @Override
    public boolean markSupported() {
      return false;
    }
  }
}
