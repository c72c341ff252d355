package io.diptych.artifact.store;

import io.diptych.artifact.BlobStore;
import io.diptych.artifact.StoreListener;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;

/** Chooses the store. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(StoreProperties.class)
class StoreConfiguration {

  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration SILENCE = Duration.ofSeconds(10);

  /** Of a call with its repetitions: shorter than the silence after which a run counts as stuck. */
  private static final Duration CALL = Duration.ofSeconds(45);

  @Bean
  BlobStore blobStore(
      StoreProperties properties,
      ObjectProvider<Clock> clocks,
      ObjectProvider<StoreListener> listeners) {
    Clock clock = clocks.getIfAvailable(Clock::systemUTC);
    StoreListener listener = listeners.getIfAvailable(() -> StoreListener.NONE);
    StoreProperties.S3 s3 = properties.s3();
    return s3 == null
        ? new FileBlobStore(properties.directory(), properties.verifyReads(), clock, listener)
        : s3(s3, properties.verifyReads(), clock, listener);
  }

  static S3BlobStore s3(
      StoreProperties.S3 s3, boolean verifyReads, Clock clock, StoreListener listener) {
    AwsCredentialsProvider credentials =
        s3.accessKey() == null || s3.secretKey() == null
            ? DefaultCredentialsProvider.builder().build()
            : StaticCredentialsProvider.create(
                AwsBasicCredentials.create(s3.accessKey(), s3.secretKey()));
    boolean pathStyle = s3.pathStyle() == null ? s3.endpoint() != null : s3.pathStyle();
    return new S3BlobStore(
        client(s3, credentials, pathStyle),
        Objects.requireNonNull(s3.bucket()),
        s3.prefix(),
        verifyReads,
        clock,
        listener);
  }

  private static S3Client client(
      StoreProperties.S3 s3, AwsCredentialsProvider credentials, boolean pathStyle) {
    return S3Client.builder()
        .region(Region.of(s3.region()))
        .endpointOverride(s3.endpoint())
        .forcePathStyle(pathStyle)
        .credentialsProvider(credentials)
        .httpClientBuilder(
            UrlConnectionHttpClient.builder().connectionTimeout(CONNECT).socketTimeout(SILENCE))
        .overrideConfiguration(override -> override.apiCallTimeout(CALL))
        // We send and check our own digest; several services choke on the SDK's trailing ones.
        .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
        .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
        .serviceConfiguration(S3Configuration.builder().chunkedEncodingEnabled(false).build())
        .build();
  }
}
