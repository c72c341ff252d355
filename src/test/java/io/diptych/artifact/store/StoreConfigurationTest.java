package io.diptych.artifact.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.artifact.BlobStore;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class StoreConfigurationTest {

  @TempDir Path directory;

  private final ApplicationContextRunner context =
      new ApplicationContextRunner().withUserConfiguration(StoreConfiguration.class);

  @Test
  void withoutSettingsBlobsGoToFilesUnderTheWorkingDirectory() {
    StoreProperties defaults = new StoreProperties(Path.of("data/store"), false, null);

    context
        .withPropertyValues("diptych.store.directory=" + directory)
        .run(
            started -> {
              assertThat(started).getBean(BlobStore.class).isInstanceOf(FileBlobStore.class);
              assertThat(started.getBean(StoreProperties.class).verifyReads())
                  .isEqualTo(defaults.verifyReads());
              assertThat(directory.resolve(".tmp")).isDirectory();
            });
  }

  @Test
  void filesFollowTheDataDirectory() {
    context
        .withInitializer(new ConfigDataApplicationContextInitializer())
        .withPropertyValues("diptych.data-directory=" + directory)
        .run(
            started ->
                assertThat(started.getBean(StoreProperties.class).directory())
                    .isEqualTo(directory.resolve("store")));
  }

  @Test
  void aBucketChoosesS3() {
    context
        .withPropertyValues(
            "diptych.store.s3.bucket=blobs",
            "diptych.store.s3.endpoint=http://127.0.0.1:9",
            "diptych.store.s3.access-key=a",
            "diptych.store.s3.secret-key=b")
        .run(
            started ->
                assertThat(started).getBean(BlobStore.class).isInstanceOf(S3BlobStore.class));
  }

  @Test
  void anEndpointWithoutABucketIsRefusedByName() {
    context
        .withPropertyValues("diptych.store.s3.endpoint=http://127.0.0.1:9")
        .run(
            started ->
                assertThat(started)
                    .getFailure()
                    .rootCause()
                    .hasMessageContaining("diptych.store.s3.bucket"));
  }

  @Test
  void halfACredentialIsRefusedByName() {
    context
        .withPropertyValues("diptych.store.s3.bucket=blobs", "diptych.store.s3.access-key=a")
        .run(
            started ->
                assertThat(started)
                    .getFailure()
                    .rootCause()
                    .hasMessageContaining("diptych.store.s3.secret-key"));
  }

  @Test
  void theSecretIsNotPrinted() {
    StoreProperties.S3 s3 =
        new StoreProperties.S3(null, "r", "b", "", "access", "very-secret", null);

    assertThat(new StoreProperties(directory, false, s3).toString())
        .doesNotContain("very-secret")
        .doesNotContain("access");
  }
}
