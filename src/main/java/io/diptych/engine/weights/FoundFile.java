package io.diptych.engine.weights;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A file that exists: on disk, where it is mapped, or inside a jar, out of which it is read once.
 */
final class FoundFile {

  private final String name;
  private final @Nullable Path path;
  private final @Nullable URL resource;
  private @Nullable ByteBuffer read;

  private FoundFile(String name, @Nullable Path path, @Nullable URL resource) {
    this.name = name;
    this.path = path;
    this.resource = resource;
  }

  static FoundFile onDisk(Path path) {
    return new FoundFile(path.toString(), path, null);
  }

  /** A file of the class path, by its absolute name; an error if there is none. */
  static FoundFile onClassPath(String name) {
    URL url = FoundFile.class.getResource(name);
    if (url == null) {
      throw ModelSource.unavailable("There is no " + name + " on the class path.", null);
    }
    try {
      boolean onDisk = url.getProtocol().equals("file");
      return onDisk
          ? new FoundFile("classpath:" + name, Path.of(url.toURI()), null)
          : new FoundFile("classpath:" + name, null, url);
    } catch (URISyntaxException e) {
      throw ModelSource.unavailable("Cannot read " + url + ".", e);
    }
  }

  /** What to call it in messages. */
  String name() {
    return name;
  }

  /** Where it is on disk; null inside a jar. */
  @Nullable Path path() {
    return path;
  }

  Safetensors openSafetensors() {
    return path != null ? Safetensors.open(path) : Safetensors.read(bytes(), name);
  }

  /** All of it, in a read-only direct buffer. */
  ByteBuffer bytes() {
    try {
      if (read == null) {
        read = path != null ? map(path) : read(resource);
      }
      return read.duplicate();
    } catch (IOException | IllegalArgumentException e) {
      throw ModelSource.unavailable("Cannot read " + name + ": " + e.getMessage() + ".", e);
    }
  }

  byte[] toArray() {
    ByteBuffer bytes = bytes();
    byte[] array = new byte[bytes.remaining()];
    bytes.get(array);
    return array;
  }

  String sha256() throws IOException {
    return path != null ? Digests.sha256(path) : Digests.sha256(bytes());
  }

  private static ByteBuffer map(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return channel.map(MapMode.READ_ONLY, 0, channel.size());
    }
  }

  private static ByteBuffer read(URL resource) throws IOException {
    URLConnection connection = resource.openConnection();
    try (InputStream in = connection.getInputStream()) {
      int length = connection.getContentLength();
      if (length < 0) {
        byte[] all = in.readAllBytes();
        return ByteBuffer.allocateDirect(all.length).put(all).flip().asReadOnlyBuffer();
      }
      ByteBuffer bytes = ByteBuffer.allocateDirect(length);
      ReadableByteChannel channel = Channels.newChannel(in);
      while (bytes.hasRemaining() && channel.read(bytes) >= 0) {}
      return bytes.flip().asReadOnlyBuffer();
    }
  }
}
