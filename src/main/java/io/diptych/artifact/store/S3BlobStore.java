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
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Spliterators;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Blobs as objects of one bucket, {@code prefix/owner/kind/sha256}; for any number of machines. */
final class S3BlobStore implements BlobStore, AutoCloseable {

  private static final int NOT_FOUND = 404;
  private static final int RANGE_NOT_SATISFIABLE = 416;

  private final S3Client client;
  private final String bucket;
  private final String prefix;
  private final boolean verifyReads;
  private final Clock clock;
  private final StoreListener listener;

  /**
   * @param prefix of every object's key, empty or ending in a slash
   */
  S3BlobStore(
      S3Client client,
      String bucket,
      String prefix,
      boolean verifyReads,
      Clock clock,
      StoreListener listener) {
    this.client = client;
    this.bucket = bucket;
    this.prefix = prefix;
    this.verifyReads = verifyReads;
    this.clock = clock;
    this.listener = listener;
  }

  /** Goes through a temporary file: the key, and the signature, need the digest first. */
  @Override
  public StoredBlob put(UUID owner, BlobKind kind, InputStream content) throws IOException {
    Path file = Files.createTempFile("diptych-blob", null);
    try {
      MessageDigest digest = BlobDigest.sha256();
      try (OutputStream out = Files.newOutputStream(file)) {
        new DigestInputStream(content, digest).transferTo(out);
      }
      BlobKey key = new BlobKey(owner, kind, BlobDigest.hex(digest.digest()));
      return put(key, RequestBody.fromFile(file), Files.size(file));
    } finally {
      Files.deleteIfExists(file);
    }
  }

  @Override
  public StoredBlob put(UUID owner, BlobKind kind, byte[] content) {
    BlobKey key = new BlobKey(owner, kind, BlobDigest.hex(BlobDigest.sha256().digest(content)));
    // Not fromBytes, which copies: blobs have up to tens of megabytes.
    RequestBody body =
        RequestBody.fromContentProvider(
            ContentStreamProvider.fromByteArrayUnsafe(content), content.length, kind.mediaType());
    return put(key, body, content.length);
  }

  private StoredBlob put(BlobKey key, RequestBody body, long bytes) {
    PutObjectRequest request =
        PutObjectRequest.builder()
            .bucket(bucket)
            .key(name(key))
            .contentType(key.kind().mediaType())
            .contentLength(bytes)
            // The service compares what arrived with it, where it knows this header.
            .checksumSHA256(
                Base64.getEncoder().encodeToString(HexFormat.of().parseHex(key.sha256())))
            .build();
    call("store " + key, () -> client.putObject(request, body));
    listener.stored(key.kind(), bytes);
    return new StoredBlob(key, bytes, clock.instant());
  }

  @Override
  public InputStream open(BlobKey key) {
    ResponseInputStream<GetObjectResponse> content = get(key, get(key).build());
    return verifyReads ? BlobDigest.verifying(key, content) : content;
  }

  @Override
  public InputStream open(BlobKey key, long offset, long length) {
    if (offset < 0 || length < 1) {
      throw new IllegalArgumentException("No such part: " + length + " bytes at " + offset);
    }
    String range = "bytes=" + offset + "-" + (offset + length - 1);
    ResponseInputStream<GetObjectResponse> content = get(key, get(key).range(range).build());
    if (content.response().contentLength() != length) {
      content.abort();
      throw new IllegalArgumentException(range + " is not within the blob " + key);
    }
    return content;
  }

  @Override
  public byte[] read(BlobKey key) {
    try (InputStream content = get(key, get(key).build())) {
      return BlobDigest.verified(key, content.readAllBytes());
    } catch (IOException e) {
      throw failed("read " + key, e);
    }
  }

  private GetObjectRequest.Builder get(BlobKey key) {
    return GetObjectRequest.builder().bucket(bucket).key(name(key));
  }

  private ResponseInputStream<GetObjectResponse> get(BlobKey key, GetObjectRequest request) {
    try {
      return client.getObject(request);
    } catch (S3Exception e) {
      if (e.statusCode() == NOT_FOUND) {
        throw missingOr("read " + key, key, e);
      }
      if (e.statusCode() == RANGE_NOT_SATISFIABLE) {
        throw new IllegalArgumentException(request.range() + " is not within the blob " + key, e);
      }
      throw failed("read " + key, e);
    } catch (SdkException e) {
      throw failed("read " + key, e);
    }
  }

  @Override
  public Optional<StoredBlob> find(BlobKey key) {
    try {
      HeadObjectResponse head = client.headObject(b -> b.bucket(bucket).key(name(key)));
      return Optional.of(new StoredBlob(key, head.contentLength(), head.lastModified()));
    } catch (S3Exception e) {
      if (e.statusCode() == NOT_FOUND) {
        return Optional.empty();
      }
      throw failed("look for " + key, e);
    } catch (SdkException e) {
      throw failed("look for " + key, e);
    }
  }

  @Override
  public void delete(BlobKey key) {
    call("delete " + key, () -> client.deleteObject(b -> b.bucket(bucket).key(name(key))));
  }

  /** One by one: an owner has tens of blobs, and not every service knows the batch call. */
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
    return listBelow(prefix);
  }

  @Override
  public Stream<StoredBlob> list(UUID owner) {
    return listBelow(prefix + owner + "/");
  }

  /** Asks for the next thousand only when they are read. */
  private Stream<StoredBlob> listBelow(String path) {
    Iterator<S3Object> objects =
        call(
            "list " + path,
            () ->
                client
                    .listObjectsV2Paginator(b -> b.bucket(bucket).prefix(path))
                    .contents()
                    .iterator());
    Iterator<S3Object> reporting =
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return call("list " + path, objects::hasNext);
          }

          @Override
          public S3Object next() {
            return call("list " + path, objects::next);
          }
        };
    return StreamSupport.stream(Spliterators.spliteratorUnknownSize(reporting, 0), false)
        .flatMap(this::blob);
  }

  /** What is not a blob is passed over. */
  private Stream<StoredBlob> blob(S3Object object) {
    try {
      BlobKey key = BlobKey.parse(object.key().substring(prefix.length()));
      return Stream.of(new StoredBlob(key, object.size(), object.lastModified()));
    } catch (IllegalArgumentException e) {
      return Stream.empty();
    }
  }

  @Override
  public void check() {
    call("reach the bucket", () -> client.headBucket(b -> b.bucket(bucket)));
  }

  @Override
  public void close() {
    client.close();
  }

  private String name(BlobKey key) {
    return prefix + key;
  }

  private <T> T call(String what, Supplier<T> request) {
    try {
      return request.get();
    } catch (SdkException e) {
      throw failed(what, e);
    }
  }

  /** A missing bucket answers 404 too, and must not pass for a missing blob. */
  private BlobStoreException missingOr(String what, BlobKey key, S3Exception e) {
    AwsErrorDetails details = e.awsErrorDetails();
    boolean bucketMissing = details != null && "NoSuchBucket".equals(details.errorCode());
    return bucketMissing ? failed(what, e) : new BlobMissingException(key);
  }

  private BlobStoreException failed(String what, Exception cause) {
    return new BlobStoreException(
        "Could not "
            + what
            + " in the S3 bucket "
            + bucket
            + " ("
            + cause.getMessage()
            + "). Check diptych.store.s3.*: endpoint, region, credentials, and that the bucket"
            + " exists and may be listed, read, written and deleted from.",
        cause);
  }
}
