package io.diptych.job;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/** The queue as beans; every process has it. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(QueueSettings.class)
class JobConfiguration {

  private static final Duration RECONNECT_DELAY = Duration.ofSeconds(1);

  @Bean
  JobQueue jobQueue(
      DataSource dataSource,
      PlatformTransactionManager transactions,
      Clock clock,
      QueueSettings settings,
      TicketIssuer tickets,
      ObjectProvider<JobRemoval> removals,
      ApplicationEventPublisher events) {
    return JobQueue.over(
        dataSource,
        new TransactionTemplate(transactions),
        // Its own mapper: what is stored must not change with how HTTP is configured.
        JsonMapper.builder().build(),
        clock,
        new SecureRandom(),
        settings,
        tickets,
        // Looked up late: the features that implement it use the queue themselves.
        List.of(job -> removals.orderedStream().forEach(removal -> removal.removing(job))),
        events::publishEvent);
  }

  @Bean
  Jobs jobs(JobQueue queue) {
    return queue.jobs();
  }

  @Bean
  JobSignals jobSignals(JobQueue queue) {
    return queue.signals();
  }

  @Bean
  JobSweeps jobSweeps(JobQueue queue) {
    return queue.sweeps();
  }

  @Bean(initMethod = "start", destroyMethod = "stop")
  SignalListener signalListener(DataSource dataSource, JobSignals signals) {
    return new SignalListener(dataSource, signals, RECONNECT_DELAY);
  }
}
