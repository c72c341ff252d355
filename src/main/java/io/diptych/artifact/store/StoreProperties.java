package io.diptych.artifact.store;

import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where blobs are kept. Any {@code diptych.store.s3} property chooses S3, else it is the directory.
 *
 * @param directory for files
 * @param verifyReads whether whole downloads are held to their digest as well; what the service
 *     itself reads always is
 * @param s3 an S3-compatible service
 */
@ConfigurationProperties("diptych.store")
record StoreProperties(
    @DefaultValue("data/store") Path directory,
    @DefaultValue("false") boolean verifyReads,
    @Nullable S3 s3) {

  /**
   * @param endpoint of the service; none for Amazon's own
   * @param region as the service names it; most others than Amazon accept any
   * @param bucket that exists
   * @param prefix of every object's key
   * @param accessKey with {@code secretKey}; without both, the environment, a container's or a
   *     machine's own credentials are used
   * @param secretKey see {@code accessKey}
   * @param pathStyle whether the bucket is part of the path instead of the host; by default when an
   *     endpoint is given
   */
  record S3(
      @Nullable URI endpoint,
      @DefaultValue("us-east-1") String region,
      @Nullable String bucket,
      @DefaultValue("") String prefix,
      @Nullable String accessKey,
      @Nullable String secretKey,
      @Nullable Boolean pathStyle) {

    S3 {
      if (bucket == null || bucket.isBlank()) {
        throw new IllegalArgumentException(
            "diptych.store.s3.bucket is not set. Name a bucket, or remove every diptych.store.s3"
                + " property to keep blobs in diptych.store.directory.");
      }
      if ((accessKey == null) != (secretKey == null)) {
        throw new IllegalArgumentException(
            "diptych.store.s3.access-key and diptych.store.s3.secret-key go together: set both, or"
                + " neither to use the environment's credentials.");
      }
      if (!prefix.isEmpty() && !prefix.endsWith("/")) {
        prefix = prefix + "/";
      }
    }

    /** Without the secret: records print all they hold, and settings end up in logs. */
    @Override
    public String toString() {
      return "S3[endpoint=" + endpoint + ", bucket=" + bucket + ", prefix=" + prefix + "]";
    }
  }
}
