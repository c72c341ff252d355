package io.diptych.generation;

import io.diptych.artifact.BlobStore;
import io.diptych.decomposition.Concepts;
import io.diptych.decomposition.Decompositions;
import io.diptych.image.ProvenanceMarker;
import io.diptych.job.JobSweeps;
import io.diptych.job.Jobs;
import io.diptych.model.Models;
import io.diptych.role.ConditionalOnApi;
import io.diptych.role.ConditionalOnJobs;
import java.security.SecureRandom;
import java.time.Clock;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(GenerationSettings.class)
class GenerationSetup {

  @Bean
  @ConditionalOnMissingBean
  ProvenanceMarker provenanceMarker() {
    return ProvenanceMarker.pngText();
  }

  @Bean
  ImageKeeper imageKeeper(BlobStore store, ProvenanceMarker marker) {
    return new ImageKeeper(store, marker);
  }

  @Bean
  Generations generations(
      Jobs jobs,
      Models models,
      Concepts concepts,
      ImageKeeper images,
      GenerationSettings settings) {
    SecureRandom random = new SecureRandom();
    return new Generations(
        jobs, models, concepts, images, settings, () -> random.nextLong() & Generations.MAX_SEED);
  }

  @Bean
  PictureOwner pictureOwner(JobSweeps jobs) {
    return new PictureOwner(jobs);
  }

  @Bean
  @ConditionalOnApi
  ContactSheets contactSheets(
      Generations generations, Decompositions decompositions, ProvenanceMarker marker) {
    return new ContactSheets(generations, decompositions, marker, software());
  }

  @Bean
  @ConditionalOnJobs
  GenerationRunner generationRunner(
      Models models,
      Concepts concepts,
      ImageKeeper images,
      JdbcClient jdbc,
      Clock clock,
      GenerationSettings settings) {
    return new GenerationRunner(
        models, concepts, images, new GenerationLog(jdbc, clock), settings, software());
  }

  /** Its name and version, as pictures carry it. */
  private static String software() {
    String version = GenerationSetup.class.getPackage().getImplementationVersion();
    return version == null ? "Diptych" : "Diptych " + version;
  }
}
