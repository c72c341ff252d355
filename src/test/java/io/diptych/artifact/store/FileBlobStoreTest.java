package io.diptych.artifact.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.BlobStoreException;
import io.diptych.artifact.StoreListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileBlobStoreTest extends BlobStoreContract {

  private static final Instant NOW = Instant.parse("2026-10-01T12:00:00Z");

  @TempDir Path root;

  @Override
  BlobStore openStore(boolean verifyReads) {
    return new FileBlobStore(root, verifyReads, Clock.fixed(NOW, ZoneOffset.UTC), heard);
  }

  @Override
  void damage(BlobKey key, byte[] bytes) throws IOException {
    Files.write(root.resolve(key.toString()), bytes);
  }

  @Test
  void aBlobIsAFileUnderOwnerKindAndDigest() {
    BlobKey key = store.put(owner, BlobKind.IMAGE, bytes("hello")).key();

    assertThat(root.resolve(owner.toString()).resolve("image").resolve(key.sha256()))
        .hasContent("hello");
  }

  @Test
  void nothingIsLeftOfAnOwnerButWhatOthersHave() throws IOException {
    store.put(owner, BlobKind.IMAGE, bytes("ours"));
    store.put(stranger, BlobKind.IMAGE, bytes("theirs"));

    store.deleteAll(owner);

    try (Stream<Path> entries = Files.list(root)) {
      assertThat(entries.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder(".tmp", stranger.toString());
    }
  }

  @Test
  void whatADeadProcessLeftHalfWrittenIsRemovedAfterADayAndNoSooner() throws IOException {
    Path old = Files.write(root.resolve(".tmp").resolve("old"), bytes("half"));
    Path young = Files.write(root.resolve(".tmp").resolve("young"), bytes("half"));
    Files.setLastModifiedTime(old, FileTime.from(NOW.minus(Duration.ofHours(25))));
    Files.setLastModifiedTime(young, FileTime.from(NOW.minus(Duration.ofHours(23))));

    openStore(false);

    assertThat(old).doesNotExist();
    assertThat(young).exists();
    try (Stream<?> blobs = store.list()) {
      assertThat(blobs).isEmpty();
    }
  }

  @Test
  void filesThatAreNoBlobsArePassedOver() throws IOException {
    Files.write(root.resolve("README"), bytes("do not delete"));
    Path folder = Files.createDirectories(root.resolve(owner.toString()).resolve("image"));
    Files.write(folder.resolve("note.txt"), bytes("note"));

    assertThat(keys(owner)).isEmpty();
    try (Stream<?> blobs = store.list()) {
      assertThat(blobs).isEmpty();
    }
  }

  @Test
  void aDirectoryThatCannotBeOneIsRefusedAtOnceWithAdvice() throws IOException {
    Path file = Files.write(root.resolve("file"), bytes("x"));

    assertThatThrownBy(() -> new FileBlobStore(file, false, Clock.systemUTC(), StoreListener.NONE))
        .isInstanceOf(BlobStoreException.class)
        .hasMessageContaining("diptych.store.directory");
  }

  @Test
  void storingTheSameBytesAgainMakesTheBlobYoungAgain() throws IOException {
    BlobKey key = store.put(owner, BlobKind.IMAGE, bytes("again")).key();
    Files.setLastModifiedTime(
        root.resolve(key.toString()), FileTime.from(Instant.parse("2020-01-01T00:00:00Z")));

    store.put(owner, BlobKind.IMAGE, bytes("again"));

    assertThat(store.find(key).orElseThrow().stored())
        .isAfter(Instant.parse("2024-01-01T00:00:00Z"));
  }
}
