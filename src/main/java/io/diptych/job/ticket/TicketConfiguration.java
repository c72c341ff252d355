package io.diptych.job.ticket;

import com.fasterxml.uuid.Generators;
import javax.sql.DataSource;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Every process can issue tickets. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(TicketSettings.class)
class TicketConfiguration {

  @Bean
  TicketOffice ticketOffice(DataSource dataSource) {
    return new TicketOffice(dataSource, Generators.timeBasedEpochGenerator()::generate);
  }
}
