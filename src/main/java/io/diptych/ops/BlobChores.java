package io.diptych.ops;

import io.diptych.artifact.BlobStore;
import io.diptych.job.Jobs;
import java.time.Clock;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What is done about blobs that nobody needs. */
@Configuration(proxyBeanMethods = false)
class BlobChores {

  @Bean
  BlobCleaner blobCleaner(BlobStore store, ObjectProvider<BlobOwner> owners, Clock clock) {
    return new BlobCleaner(store, () -> owners.orderedStream().toList(), clock);
  }

  @Bean
  StoreMark storeMark(BlobStore store, JdbcClient sql, Jobs jobs) {
    return new StoreMark(store, sql, jobs);
  }

  @Bean
  HousekeepingTask sweepBlobs(BlobCleaner cleaner, StoreMark mark, HousekeepingSettings settings) {
    return new Chore(
        "sweep-blobs",
        settings.sweepEvery(),
        () ->
            mark.ownSince().map(since -> cleaner.sweep(since, settings.orphansAfter())).orElse(0));
  }
}
