package io.diptych.decomposition;

import io.diptych.artifact.BlobStore;
import io.diptych.image.ImageIntake;
import io.diptych.job.Jobs;
import io.diptych.model.Models;
import io.diptych.ops.HousekeepingTask;
import io.diptych.role.ConditionalOnApi;
import io.diptych.role.ConditionalOnJobs;
import java.security.SecureRandom;
import java.time.Clock;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Decompositions as beans. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({DecompositionSettings.class, IntakeSettings.class})
class DecompositionSetup {

  @Bean
  DecompositionRows decompositionRows(JdbcClient sql) {
    return new DecompositionRows(sql);
  }

  @Bean
  Planner planner(Models models, DecompositionRows rows, DecompositionSettings settings) {
    return new Planner(
        models, new Estimator(rows, settings.assumedGigaflops()), new SecureRandom());
  }

  @Bean
  Decompositions decompositions(
      Jobs jobs,
      DecompositionRows rows,
      BlobStore store,
      Planner planner,
      PlatformTransactionManager transactions) {
    return new Decompositions(jobs, rows, store, planner, new TransactionTemplate(transactions));
  }

  @Bean
  ConceptShelf conceptShelf(
      Jobs jobs, DecompositionRows rows, BlobStore store, DecompositionSettings settings) {
    return new ConceptShelf(jobs, rows, store, settings.conceptsCached());
  }

  @Bean
  @ConditionalOnApi
  ConceptImport conceptImport(
      Jobs jobs,
      DecompositionRows rows,
      BlobStore store,
      Planner planner,
      UploadRoom room,
      PlatformTransactionManager transactions) {
    return new ConceptImport(
        jobs, rows, store, planner, room, new TransactionTemplate(transactions));
  }

  @Bean
  @ConditionalOnApi
  ImageIntake imageIntake(IntakeSettings settings) {
    return new ImageIntake(settings.limits());
  }

  @Bean
  @ConditionalOnApi
  UploadRoom uploadRoom(DecompositionSettings settings, IntakeSettings images) {
    return new UploadRoom(settings.uploadMemory(), images.queueWait());
  }

  @Bean
  @ConditionalOnApi
  PictureUploads pictureUploads(ImageIntake intake, UploadRoom room, BlobStore store, Jobs jobs) {
    return new PictureUploads(intake, room, store, jobs);
  }

  @Bean
  @ConditionalOnJobs
  DecompositionRunner decompositionRunner(
      Models models, BlobStore store, DecompositionRows rows, DecompositionSettings settings) {
    return new DecompositionRunner(models, store, rows, settings.previewSteps());
  }

  @Bean
  Leftovers leftovers(DecompositionRows rows, BlobStore store, Clock clock) {
    return new Leftovers(rows, store, clock);
  }

  @Bean
  HousekeepingTask expireArtifacts(Leftovers leftovers, DecompositionSettings settings) {
    return new Chore(
        "expire-artifacts",
        settings.choresEvery(),
        () -> leftovers.expireArtifacts(settings.keepArtifacts()));
  }
}
