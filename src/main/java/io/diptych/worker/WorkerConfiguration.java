package io.diptych.worker;

import io.diptych.job.JobQueue;
import io.diptych.job.ticket.TicketSettings;
import io.diptych.role.ConditionalOnJobs;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The lanes as beans, in processes that run jobs. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnJobs
@EnableConfigurationProperties(WorkerSettings.class)
class WorkerConfiguration {

  @Bean
  Runners runners(ObjectProvider<JobRunner> single, ObjectProvider<BatchRunner> batch) {
    return new Runners(single.orderedStream().toList(), batch.orderedStream().toList());
  }

  @Bean
  Worker worker(
      DataSource dataSource,
      JobQueue queue,
      Runners runners,
      WorkerSettings settings,
      TicketSettings tickets,
      Clock clock,
      ObjectProvider<LaneListener> listener,
      ObjectProvider<ProcessExit> exit) {
    return new Worker(
        dataSource,
        queue,
        runners,
        settings.name().isBlank() ? settings.withName(processName()) : settings,
        tickets,
        clock,
        listener.getIfAvailable(() -> LaneListener.NONE),
        exit.getIfAvailable(ProcessExit::halt));
  }

  @Bean
  SmartLifecycle workerLifecycle(Worker worker) {
    return new WorkerLifecycle(worker);
  }

  private static String processName() {
    long pid = ProcessHandle.current().pid();
    try {
      return InetAddress.getLocalHost().getHostName() + "-" + pid;
    } catch (UnknownHostException e) {
      return "worker-" + pid;
    }
  }
}
