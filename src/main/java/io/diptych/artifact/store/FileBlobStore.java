package io.diptych.artifact.store;

import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobMissingException;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.BlobStoreException;
import io.diptych.artifact.StoreListener;
import io.diptych.artifact.StoredBlob;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;

/**
 * Blobs as files, {@code owner/kind/sha256} below one directory; for one machine, or for several
 * that mount the same file system.
 */
final class FileBlobStore implements BlobStore {

  /** Half-written blobs; on the same file system, so that moving them is atomic. */
  private static final String TEMPORARY = ".tmp";

  /** No put takes this long; what is older was left by a process that died. */
  private static final Duration ABANDONED = Duration.ofDays(1);

  private final Path root;
  private final Path temporary;
  private final boolean verifyReads;
  private final StoreListener listener;

  /** Held shared while a blob moves into its folder, alone while empty folders are removed. */
  private final ReadWriteLock folders = new ReentrantReadWriteLock();

  FileBlobStore(Path root, boolean verifyReads, Clock clock, StoreListener listener) {
    this.root = root.toAbsolutePath().normalize();
    this.temporary = this.root.resolve(TEMPORARY);
    this.verifyReads = verifyReads;
    this.listener = listener;
    try {
      Files.createDirectories(temporary);
      removeAbandoned(clock.instant().minus(ABANDONED));
    } catch (IOException e) {
      throw unusable(e);
    }
    check();
  }

  private void removeAbandoned(Instant before) throws IOException {
    try (Stream<Path> files = Files.list(temporary)) {
      for (Path file : files.toList()) {
        if (Files.getLastModifiedTime(file).toInstant().isBefore(before)) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  @Override
  public StoredBlob put(UUID owner, BlobKind kind, InputStream content) throws IOException {
    MessageDigest digest = BlobDigest.sha256();
    Path file = temporary.resolve(UUID.randomUUID().toString());
    try {
      write(new DigestInputStream(content, digest), file);
      BlobKey key = new BlobKey(owner, kind, BlobDigest.hex(digest.digest()));
      try {
        StoredBlob blob = moveIntoPlace(file, key);
        listener.stored(kind, blob.bytes());
        return blob;
      } catch (IOException e) {
        throw new BlobStoreException("Could not store " + key + " in " + root, e);
      }
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private static void write(InputStream content, Path file) throws IOException {
    try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        OutputStream out = Channels.newOutputStream(channel)) {
      content.transferTo(out);
      channel.force(true);
    }
  }

  private StoredBlob moveIntoPlace(Path file, BlobKey key) throws IOException {
    Path place = path(key);
    Path folder = place.getParent();
    long bytes = Files.size(file);
    Instant modified = Files.getLastModifiedTime(file).toInstant();
    NoSuchFileException lost = null;
    for (int attempt = 0; attempt < 10; attempt++) {
      folders.readLock().lock();
      try {
        Files.createDirectories(folder);
        Files.move(file, place, StandardCopyOption.ATOMIC_MOVE);
        sync(folder);
        sync(folder.getParent());
        sync(root);
        return new StoredBlob(key, bytes, modified);
      } catch (NoSuchFileException e) {
        // Another process deleted the owner's last blob, and the folder, between the two steps.
        lost = e;
      } finally {
        folders.readLock().unlock();
      }
    }
    throw lost;
  }

  /** Makes the names in a directory durable; Windows knows no such thing and needs none. */
  private static void sync(Path directory) {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // The file itself is durable; only a power cut in this very moment could lose its name.
    }
  }

  @Override
  public InputStream open(BlobKey key) {
    try {
      InputStream content = Files.newInputStream(path(key));
      return verifyReads ? BlobDigest.verifying(key, content) : content;
    } catch (IOException e) {
      throw unreadable(key, e);
    }
  }

  @Override
  public InputStream open(BlobKey key, long offset, long length) {
    try {
      FileChannel channel = FileChannel.open(path(key), StandardOpenOption.READ);
      BlobPart.check(offset, length, channel.size(), channel::close);
      channel.position(offset);
      return new BlobPart(Channels.newInputStream(channel), length);
    } catch (IOException e) {
      throw unreadable(key, e);
    }
  }

  @Override
  public byte[] read(BlobKey key) {
    try {
      return BlobDigest.verified(key, Files.readAllBytes(path(key)));
    } catch (IOException e) {
      throw unreadable(key, e);
    }
  }

  @Override
  public Optional<StoredBlob> find(BlobKey key) {
    try {
      return Optional.of(stored(key, path(key)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw unreadable(key, e);
    }
  }

  @Override
  public void delete(BlobKey key) {
    Path file = path(key);
    try {
      Files.deleteIfExists(file);
      folders.writeLock().lock();
      try {
        deleteIfEmpty(file.getParent());
        deleteIfEmpty(root.resolve(key.owner().toString()));
      } finally {
        folders.writeLock().unlock();
      }
    } catch (IOException e) {
      throw new BlobStoreException("Could not delete " + key + " from " + root, e);
    }
  }

  private static void deleteIfEmpty(Path folder) throws IOException {
    try {
      Files.deleteIfExists(folder);
    } catch (DirectoryNotEmptyException e) {
      // Something else is in it, or has just been put there.
    }
  }

  @Override
  public int deleteAll(UUID owner) {
    try (Stream<StoredBlob> blobs = list(owner)) {
      List<StoredBlob> all = blobs.toList();
      all.forEach(blob -> delete(blob.key()));
      return all.size();
    }
  }

  @Override
  public Stream<StoredBlob> list() {
    return entries(root).flatMap(this::blobsOf);
  }

  @Override
  public Stream<StoredBlob> list(UUID owner) {
    return blobsOf(root.resolve(owner.toString()));
  }

  private Stream<StoredBlob> blobsOf(Path owner) {
    return entries(owner).flatMap(FileBlobStore::entries).flatMap(this::blob);
  }

  /** What is not a blob, an administrator's note for one, is passed over. */
  private Stream<StoredBlob> blob(Path file) {
    try {
      String path = root.relativize(file).toString().replace('\\', '/');
      return Stream.of(stored(BlobKey.parse(path), file));
    } catch (IllegalArgumentException | NoSuchFileException e) {
      return Stream.empty();
    } catch (IOException e) {
      throw new BlobStoreException("Could not list " + root, e);
    }
  }

  /** The entries of a directory; none when it is not there, any more, or is a file. */
  private static Stream<Path> entries(Path directory) {
    if (!Files.isDirectory(directory)) {
      return Stream.empty();
    }
    try {
      return Files.list(directory);
    } catch (NoSuchFileException e) {
      return Stream.empty();
    } catch (IOException e) {
      throw new BlobStoreException("Could not list " + directory, e);
    }
  }

  private static StoredBlob stored(BlobKey key, Path file) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    return new StoredBlob(key, attributes.size(), attributes.lastModifiedTime().toInstant());
  }

  @Override
  public void check() {
    try {
      Files.delete(Files.createTempFile(temporary, "check", null));
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private Path path(BlobKey key) {
    return root.resolve(key.toString());
  }

  private BlobStoreException unusable(IOException cause) {
    return new BlobStoreException(
        "The store directory "
            + root
            + " cannot be written ("
            + cause
            + "). Make it writable, free space, or set diptych.store.directory to another one.",
        cause);
  }

  private BlobStoreException unreadable(BlobKey key, IOException cause) {
    if (cause instanceof NoSuchFileException) {
      return new BlobMissingException(key);
    }
    return new BlobStoreException("Could not read " + key + " from " + root, cause);
  }
}
