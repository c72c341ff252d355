package io.diptych.artifact.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.artifact.BlobDamagedException;
import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobMissingException;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.StoreListener;
import io.diptych.artifact.StoredBlob;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store keeps to. */
abstract class BlobStoreContract {

  /** SHA-256 of "hello". */
  private static final String HELLO =
      "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

  final UUID owner = UUID.randomUUID();
  final UUID stranger = UUID.randomUUID();
  BlobStore store;

  /** What the store told of. */
  private final List<String> told = new CopyOnWriteArrayList<>();

  final StoreListener heard = (kind, bytes) -> told.add(kind + " of " + bytes);

  /** A store over the same place for a whole test class. */
  abstract BlobStore openStore(boolean verifyReads);

  /** Changes the bytes under a key behind the store's back. */
  abstract void damage(BlobKey key, byte[] bytes) throws IOException;

  @BeforeEach
  void open() {
    store = openStore(false);
  }

  @AfterEach
  void close() throws Exception {
    store.deleteAll(owner);
    store.deleteAll(stranger);
    if (store instanceof AutoCloseable closeable) {
      closeable.close();
    }
  }

  @Test
  void everythingThatWasStoredIsToldAndNothingElse() throws IOException {
    store.put(owner, BlobKind.IMAGE, bytes("hello"));
    store.put(owner, BlobKind.OUTPUT, new ByteArrayInputStream(bytes("picture")));
    store.put(owner, BlobKind.OUTPUT, bytes("picture"));
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("broken");
          }
        };
    assertThatIOException().isThrownBy(() -> store.put(owner, BlobKind.OUTPUT, broken));

    assertThat(told).containsExactly("IMAGE of 5", "OUTPUT of 7", "OUTPUT of 7");
  }

  @Test
  void whatIsPutIsReadBackUnderItsDigest() throws IOException {
    StoredBlob stored = store.put(owner, BlobKind.IMAGE, bytes("hello"));

    assertThat(stored.key()).isEqualTo(new BlobKey(owner, BlobKind.IMAGE, HELLO));
    assertThat(stored.bytes()).isEqualTo(5);
    assertThat(store.read(stored.key())).isEqualTo(bytes("hello"));
    try (InputStream content = store.open(stored.key())) {
      assertThat(content.readAllBytes()).isEqualTo(bytes("hello"));
    }
  }

  @Test
  void aStreamIsStoredWhole() throws IOException {
    byte[] large = new byte[3 << 20];
    new Random(1).nextBytes(large);

    StoredBlob stored = store.put(owner, BlobKind.CONCEPT, new ByteArrayInputStream(large));

    assertThat(stored.bytes()).isEqualTo(large.length);
    assertThat(store.read(stored.key())).isEqualTo(large);
  }

  @Test
  void anEmptyBlobIsABlob() {
    StoredBlob stored = store.put(owner, BlobKind.CONCEPT, new byte[0]);

    assertThat(store.read(stored.key())).isEmpty();
    assertThat(store.find(stored.key())).map(StoredBlob::bytes).hasValue(0L);
  }

  @Test
  void aStreamThatFailsLeavesNothing() {
    InputStream failing =
        new InputStream() {
          private int left = 100_000;

          @Override
          public int read() throws IOException {
            if (left == 0) {
              throw new IOException("the client went away");
            }
            left--;
            return 7;
          }
        };

    assertThatIOException()
        .isThrownBy(() -> store.put(owner, BlobKind.IMAGE, failing))
        .withMessage("the client went away");
    assertThat(keys(owner)).isEmpty();
  }

  @Test
  void sameBytesTwiceAreOneBlob() {
    StoredBlob first = store.put(owner, BlobKind.IMAGE, bytes("same"));
    StoredBlob second = store.put(owner, BlobKind.IMAGE, bytes("same"));

    assertThat(second.key()).isEqualTo(first.key());
    assertThat(keys(owner)).containsExactly(first.key());
  }

  @Test
  void deletingOnesBytesLeavesTheSameBytesOfAnother() {
    StoredBlob ours = store.put(owner, BlobKind.IMAGE, bytes("same"));
    StoredBlob theirs = store.put(stranger, BlobKind.IMAGE, bytes("same"));

    store.delete(ours.key());
    store.deleteAll(owner);

    assertThat(store.exists(ours.key())).isFalse();
    assertThat(store.read(theirs.key())).isEqualTo(bytes("same"));
  }

  @Test
  void deletingAllOfAnOwnerDeletesEveryKind() {
    List<BlobKey> keys = new ArrayList<>();
    for (BlobKind kind : BlobKind.values()) {
      keys.add(store.put(owner, kind, bytes("a " + kind)).key());
    }
    StoredBlob theirs = store.put(stranger, BlobKind.IMAGE, bytes("theirs"));

    assertThat(store.deleteAll(owner)).isEqualTo(keys.size());

    assertThat(keys).noneMatch(store::exists);
    assertThat(keys(owner)).isEmpty();
    assertThat(keys(stranger)).containsExactly(theirs.key());
    assertThat(store.deleteAll(owner)).isZero();
  }

  @Test
  void deletingWhatIsNotThereIsNoError() {
    store.delete(new BlobKey(owner, BlobKind.OUTPUT, HELLO));

    assertThat(store.exists(new BlobKey(owner, BlobKind.OUTPUT, HELLO))).isFalse();
  }

  @Test
  void aMissingBlobIsSaidToBeMissing() {
    BlobKey missing = new BlobKey(owner, BlobKind.OUTPUT, HELLO);

    assertThat(store.find(missing)).isEmpty();
    assertThatThrownBy(() -> store.read(missing)).isInstanceOf(BlobMissingException.class);
    assertThatThrownBy(() -> store.open(missing)).isInstanceOf(BlobMissingException.class);
    assertThatThrownBy(() -> store.open(missing, 0, 1)).isInstanceOf(BlobMissingException.class);
  }

  @Test
  void partsAreRead() throws IOException {
    BlobKey key = store.put(owner, BlobKind.CONCEPT, bytes("0123456789")).key();

    assertThat(part(key, 0, 1)).isEqualTo("0");
    assertThat(part(key, 3, 4)).isEqualTo("3456");
    assertThat(part(key, 9, 1)).isEqualTo("9");
    assertThat(part(key, 0, 10)).isEqualTo("0123456789");
  }

  @Test
  void partsOutsideTheBlobAreRefused() {
    BlobKey key = store.put(owner, BlobKind.CONCEPT, bytes("0123456789")).key();

    for (long[] part : new long[][] {{10, 1}, {5, 6}, {-1, 2}, {0, 0}, {0, 11}}) {
      assertThatThrownBy(() -> store.open(key, part[0], part[1]))
          .as("%d bytes at %d", part[1], part[0])
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void listingSaysSizeAndAge() {
    StoredBlob stored = store.put(owner, BlobKind.PREVIEW, bytes("a preview"));

    try (Stream<StoredBlob> blobs = store.list(owner)) {
      StoredBlob listed = blobs.findFirst().orElseThrow();
      assertThat(listed.key()).isEqualTo(stored.key());
      assertThat(listed.bytes()).isEqualTo(9);
      assertThat(listed.stored())
          .isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(60));
    }
  }

  @Test
  void listingEverythingFindsEveryOwner() {
    BlobKey ours = store.put(owner, BlobKind.IMAGE, bytes("ours")).key();
    BlobKey theirs = store.put(stranger, BlobKind.OUTPUT, bytes("theirs")).key();

    try (Stream<StoredBlob> blobs = store.list()) {
      assertThat(blobs.map(StoredBlob::key)).contains(ours, theirs);
    }
  }

  @Test
  void damageIsFoundWhenAllIsRead() throws IOException {
    BlobKey key = store.put(owner, BlobKind.CONCEPT, bytes("precious")).key();
    damage(key, bytes("pretious"));

    assertThatThrownBy(() -> store.read(key)).isInstanceOf(BlobDamagedException.class);
  }

  @Test
  void aVerifyingStoreFindsDamageInAStream() throws Exception {
    BlobKey key = store.put(owner, BlobKind.CONCEPT, bytes("precious")).key();
    BlobStore verifying = openStore(true);
    try (InputStream content = verifying.open(key)) {
      assertThat(content.readAllBytes()).isEqualTo(bytes("precious"));
    }
    damage(key, bytes("pretious"));

    try (InputStream content = verifying.open(key)) {
      assertThatThrownBy(content::readAllBytes).isInstanceOf(BlobDamagedException.class);
    }
    if (verifying instanceof AutoCloseable closeable) {
      closeable.close();
    }
  }

  @Test
  void manyWritersOfTheSameAndOfDifferentBytesDoNotDisturbEachOther() throws Exception {
    List<Callable<BlobKey>> writes = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      byte[] content = bytes("content " + i % 4);
      writes.add(() -> store.put(owner, BlobKind.OUTPUT, content).key());
    }
    ExecutorService writers = Executors.newFixedThreadPool(8);
    try {
      for (Future<BlobKey> write : writers.invokeAll(writes)) {
        assertThat(store.exists(write.get())).isTrue();
      }
    } finally {
      writers.shutdownNow();
    }

    assertThat(keys(owner)).hasSize(4);
  }

  @Test
  void putsSurviveTheDeletionOfEverythingElseOfTheirOwner() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<?> puts =
          threads.submit(
              () -> {
                for (int i = 0; i < 100; i++) {
                  store.put(owner, BlobKind.PREVIEW, bytes("preview " + i));
                }
              });
      Future<?> deletions =
          threads.submit(
              () -> {
                while (!puts.isDone()) {
                  store.deleteAll(owner);
                }
              });
      puts.get();
      deletions.get();
    } finally {
      threads.shutdownNow();
    }

    BlobKey last = store.put(owner, BlobKind.PREVIEW, bytes("last")).key();
    assertThat(store.read(last)).isEqualTo(bytes("last"));
  }

  @Test
  void aUsableStorePassesItsCheck() {
    store.check();
  }

  final List<BlobKey> keys(UUID of) {
    try (Stream<StoredBlob> blobs = store.list(of)) {
      return blobs.map(StoredBlob::key).toList();
    }
  }

  private String part(BlobKey key, long offset, long length) throws IOException {
    try (InputStream content = store.open(key, offset, length)) {
      return new String(content.readAllBytes(), UTF_8);
    }
  }

  static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
