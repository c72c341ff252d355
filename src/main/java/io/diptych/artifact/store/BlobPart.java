package io.diptych.artifact.store;

import java.io.Closeable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** The first so many bytes of a stream. */
final class BlobPart extends FilterInputStream {

  private long left;

  BlobPart(InputStream content, long length) {
    super(content);
    this.left = length;
  }

  /** Refuses a part that is not within a blob, after closing what was opened for it. */
  static void check(long offset, long length, long size, Closeable opened) throws IOException {
    if (offset < 0 || length < 1 || offset > size - length) {
      opened.close();
      throw new IllegalArgumentException(
          "Bytes " + offset + " to " + (offset + length) + " are not within a blob of " + size);
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (left == 0) {
      return -1;
    }
    int count = super.read(target, offset, (int) Math.min(length, left));
    left -= Math.max(0, count);
    return count;
  }

  @Override
  public long skip(long count) throws IOException {
    long skipped = super.skip(Math.min(count, left));
    left -= skipped;
    return skipped;
  }

  @Override
  public int available() throws IOException {
    return (int) Math.min(super.available(), left);
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}
