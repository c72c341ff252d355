package io.diptych.model;

import io.diptych.engine.csd.SubConcepts;
import io.diptych.role.ConditionalOnJobs;
import io.diptych.worker.WorkerSettings;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({ModelSettings.class, SubConceptSettings.class})
class ModelSetup {

  @Bean
  @ConditionalOnMissingBean
  SubConcepts subConcepts(SubConceptSettings settings) {
    return settings.source();
  }

  @Bean
  Models models(ModelSettings settings, SubConcepts subConcepts) {
    return new Models(settings, subConcepts);
  }

  /** Processes that only serve the API load no weights. */
  @Bean
  @ConditionalOnJobs
  WarmUp warmUp(Models models, WorkerSettings worker) {
    return new WarmUp(models, worker.devices());
  }
}
