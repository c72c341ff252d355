package io.diptych.engine.weights;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;

/** The bytes of a file, on disk or in memory. */
sealed interface Content extends Closeable {

  long size() throws IOException;

  /** A read-only range as a direct buffer that starts at position 0. */
  ByteBuffer bytes(long offset, int length) throws IOException;

  @Override
  void close();

  /** One mapping per range, because a single mapping ends at 2 GiB. */
  record Mapped(FileChannel channel) implements Content {

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public ByteBuffer bytes(long offset, int length) throws IOException {
      return channel.map(MapMode.READ_ONLY, offset, length);
    }

    @Override
    public void close() {
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  record InMemory(ByteBuffer direct) implements Content {

    @Override
    public long size() {
      return direct.limit();
    }

    @Override
    public ByteBuffer bytes(long offset, int length) {
      return direct.slice((int) offset, length).asReadOnlyBuffer();
    }

    @Override
    public void close() {}
  }
}
