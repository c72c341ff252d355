package io.diptych.ops;

import io.diptych.artifact.BlobStore;
import java.time.Clock;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What is done about blobs that nobody needs. */
@Configuration(proxyBeanMethods = false)
class BlobChores {

  @Bean
  BlobCleaner blobCleaner(BlobStore store, ObjectProvider<BlobOwner> owners, Clock clock) {
    return new BlobCleaner(store, () -> owners.orderedStream().toList(), clock);
  }

  @Bean
  HousekeepingTask sweepBlobs(BlobCleaner cleaner, HousekeepingSettings settings) {
    return new Chore(
        "sweep-blobs", settings.sweepEvery(), () -> cleaner.sweep(settings.orphansAfter()));
  }
}
