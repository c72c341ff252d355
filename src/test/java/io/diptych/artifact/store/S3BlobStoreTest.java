package io.diptych.artifact.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobMissingException;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.BlobStoreException;
import io.diptych.artifact.StoredBlob;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
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
  private static final HttpClient HTTP = HttpClient.newHttpClient();

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
    return open("diptych", BUCKET, S3Server.SECRET_KEY, verifyReads);
  }

  private static S3BlobStore open(
      String prefix, String bucket, String secret, boolean verifyReads) {
    return StoreConfiguration.s3(settings(prefix, bucket, secret), verifyReads, Clock.systemUTC());
  }

  private static StoreProperties.S3 settings(String prefix, String bucket, String secret) {
    return new StoreProperties.S3(
        endpoint(), null, "us-east-1", bucket, prefix, S3Server.ACCESS_KEY, secret, null);
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

  @Test
  void aLinkDownloadsTheBlobUnderTheNameAndTypeItFixes() throws Exception {
    BlobKey key = store.put(owner, BlobKind.OUTPUT, bytes("<script>alert(1)</script>")).key();

    HttpResponse<String> answer = get(store.presign(key, Duration.ofMinutes(5), "a-1.png"));

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("<script>alert(1)</script>");
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("image/png");
    assertThat(answer.headers().firstValue("Content-Disposition"))
        .hasValue("attachment; filename=\"a-1.png\"");
  }

  @Test
  void aLinkCannotBeBentToAnotherBlobOrAnotherType() throws Exception {
    BlobKey key = store.put(owner, BlobKind.OUTPUT, bytes("ours")).key();
    BlobKey secret = store.put(stranger, BlobKind.OUTPUT, bytes("theirs")).key();
    String link = store.presign(key, Duration.ofMinutes(5), "a.png").orElseThrow().toString();

    assertThat(status(link.replace(key.toString(), secret.toString()))).isEqualTo(403);
    assertThat(status(link.replace("image%2Fpng", "text%2Fhtml"))).isEqualTo(403);
    assertThat(status(link.substring(0, link.indexOf('?')))).isEqualTo(403);
    assertThat(status(link)).isEqualTo(200);
  }

  @Test
  void aLinkNamesTheEndpointThatClientsReach() {
    BlobKey key = store.put(owner, BlobKind.OUTPUT, bytes("ours")).key();
    StoreProperties.S3 settings =
        new StoreProperties.S3(
            endpoint(),
            URI.create("https://blobs.example.org"),
            "us-east-1",
            BUCKET,
            "diptych",
            S3Server.ACCESS_KEY,
            S3Server.SECRET_KEY,
            null);

    try (S3BlobStore behindProxy = StoreConfiguration.s3(settings, false, Clock.systemUTC())) {
      assertThat(behindProxy.presign(key, Duration.ofMinutes(1), "a.png"))
          .hasValueSatisfying(
              uri -> {
                assertThat(uri).hasScheme("https").hasHost("blobs.example.org");
                assertThat(uri).hasPath("/" + BUCKET + "/diptych/" + key);
              });
    }
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

  private static HttpResponse<String> get(Optional<URI> link) throws Exception {
    return HTTP.send(
        HttpRequest.newBuilder(link.orElseThrow()).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static int status(@Nullable String link) throws Exception {
    return get(Optional.ofNullable(link).map(URI::create)).statusCode();
  }
}
