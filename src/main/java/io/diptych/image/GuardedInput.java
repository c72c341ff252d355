package io.diptych.image;

import java.io.IOException;
import javax.imageio.stream.ImageInputStreamImpl;

/** A file in memory whose reader is ended by the guard, or by reading past the file's end. */
final class GuardedInput extends ImageInputStreamImpl {

  private final byte[] bytes;
  private final DecodeGuard guard;
  private final int tablesEnd;
  private final boolean endIsAnError;

  GuardedInput(ScannedImage image, DecodeGuard guard) {
    this.bytes = image.clean();
    this.guard = guard;
    this.tablesEnd = image.tablesEnd();
    this.endIsAnError = image.format() == SourceFormat.WEBP;
  }

  @Override
  public int read() throws IOException {
    tick();
    bitOffset = 0;
    if (streamPos >= bytes.length) {
      return end();
    }
    return bytes[(int) streamPos++] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    tick();
    bitOffset = 0;
    if (length == 0) {
      return 0;
    }
    int count = (int) Math.min(length, bytes.length - streamPos);
    if (count <= 0) {
      return end();
    }
    System.arraycopy(bytes, (int) streamPos, target, offset, count);
    streamPos += count;
    return count;
  }

  /** The WebP bit readers take an ordinary end of input for garbage without end. */
  private int end() throws IOException {
    if (endIsAnError) {
      throw new IOException("it ends too early");
    }
    return -1;
  }

  @Override
  public long length() {
    return bytes.length;
  }

  private void tick() {
    if (streamPos < tablesEnd) {
      guard.tickWhileBuildingTables();
    } else {
      guard.tick();
    }
  }
}
