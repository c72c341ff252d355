package io.diptych.ops;

import io.diptych.job.JobSweeps;
import io.diptych.job.ticket.TicketOffice;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The queue's own chores. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(HousekeepingSettings.class)
class JobChores {

  @Bean
  HousekeepingTask expireJobs(JobSweeps sweeps, HousekeepingSettings settings) {
    return new Chore("expire-jobs", settings.expireEvery(), sweeps::expire);
  }

  @Bean
  HousekeepingTask removeOldJobs(JobSweeps sweeps, HousekeepingSettings settings) {
    return new Chore(
        "remove-old-jobs", settings.removeEvery(), () -> sweeps.removeOld(settings.keep()));
  }

  @Bean
  HousekeepingTask repairTickets(
      JobSweeps sweeps, TicketOffice tickets, HousekeepingSettings settings) {
    return new Chore("repair-tickets", settings.repairEvery(), () -> sweeps.repair(tickets.all()));
  }
}
