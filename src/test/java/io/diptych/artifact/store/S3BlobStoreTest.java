package io.diptych.artifact.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobMissingException;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.BlobStoreException;
import io.diptych.artifact.StoreListener;
import io.diptych.artifact.StoredBlob;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

class S3BlobStoreTest extends BlobStoreContract {

  private static final String BUCKET = "blobs";

  @TempDir static Path directory;

  private static S3Server server;
  private static S3Client admin;

  @BeforeAll
  static void start() throws Exception {
    server = new S3Server(directory);
    admin =
        S3Client.builder()
            .endpointOverride(server.endpoint())
            .region(Region.US_EAST_1)
            .forcePathStyle(true)
            .httpClient(UrlConnectionHttpClient.create())
            .credentialsProvider(
                StaticCredentialsProvider.create(
                    AwsBasicCredentials.create(S3Server.ACCESS_KEY, S3Server.SECRET_KEY)))
            .build();
    admin.createBucket(b -> b.bucket(BUCKET));
  }

  @AfterAll
  static void stop() throws Exception {
    admin.close();
    server.close();
  }

  @Override
  BlobStore openStore(boolean verifyReads) {
    return StoreConfiguration.s3(
        settings("diptych", BUCKET, S3Server.SECRET_KEY), verifyReads, Clock.systemUTC(), heard);
  }

  private static S3BlobStore open(
      String prefix, String bucket, String secret, boolean verifyReads) {
    return StoreConfiguration.s3(
        settings(prefix, bucket, secret), verifyReads, Clock.systemUTC(), StoreListener.NONE);
  }

  private static StoreProperties.S3 settings(String prefix, String bucket, String secret) {
    return new StoreProperties.S3(
        endpoint(), "us-east-1", bucket, prefix, S3Server.ACCESS_KEY, secret, null);
  }

  private static URI endpoint() {
    try {
      return server.endpoint();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  void damage(BlobKey key, byte[] bytes) {
    admin.putObject(b -> b.bucket(BUCKET).key("diptych/" + key), RequestBody.fromBytes(bytes));
  }

  @Test
  void aBlobIsAnObjectUnderThePrefixWithTheContentTypeOfItsKind() {
    BlobKey key = store.put(owner, BlobKind.OUTPUT, bytes("a picture")).key();

    var head = admin.headObject(b -> b.bucket(BUCKET).key("diptych/" + key));

    assertThat(head.contentType()).isEqualTo("image/png");
    assertThat(head.contentLength()).isEqualTo(9);
  }

  @Test
  void storesOfDifferentPrefixesDoNotSeeEachOther() {
    BlobKey key = store.put(owner, BlobKind.OUTPUT, bytes("ours")).key();

    try (S3BlobStore other = open("other", BUCKET, S3Server.SECRET_KEY, false)) {
      assertThat(other.exists(key)).isFalse();
      assertThat(other.deleteAll(owner)).isZero();
      try (Stream<StoredBlob> blobs = other.list()) {
        assertThat(blobs).isEmpty();
      }
    }
    assertThat(store.exists(key)).isTrue();
  }

  /** The server pages at 1000; its files are made directly, which is much faster. */
  @Test
  void moreThanOnePageIsListed() throws IOException {
    Path folder = directory.resolve(BUCKET).resolve("diptych/" + owner + "/preview");
    Files.createDirectories(folder);
    for (int i = 0; i < 1_050; i++) {
      Files.write(folder.resolve("%064x".formatted(i)), bytes("preview " + i));
    }

    assertThat(keys(owner)).hasSize(1_050).doesNotHaveDuplicates();

    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.skip(50).toList()) {
        Files.delete(file);
      }
    }
    assertThat(store.deleteAll(owner)).isEqualTo(50);
    assertThat(keys(owner)).isEmpty();
  }

  @Test
  void aMissingBucketIsNotTakenForAMissingBlob() {
    BlobKey key = store.put(owner, BlobKind.OUTPUT, bytes("ours")).key();

    try (S3BlobStore lost = open("diptych", "no-such-bucket", S3Server.SECRET_KEY, false)) {
      assertThatThrownBy(lost::check)
          .isInstanceOf(BlobStoreException.class)
          .hasMessageContaining("no-such-bucket")
          .hasMessageContaining("diptych.store.s3");
      assertThatThrownBy(() -> lost.read(key))
          .isInstanceOf(BlobStoreException.class)
          .isNotInstanceOf(BlobMissingException.class);
      assertThatThrownBy(() -> lost.list().count()).isInstanceOf(BlobStoreException.class);
    }
  }

  @Test
  void wrongCredentialsAreSaidToBeThat() {
    try (S3BlobStore stranger = open("diptych", BUCKET, "wrong", false)) {
      assertThatThrownBy(() -> stranger.put(owner, BlobKind.OUTPUT, bytes("x")))
          .isInstanceOf(BlobStoreException.class)
          .hasMessageContaining("credentials");
    }
  }
}
