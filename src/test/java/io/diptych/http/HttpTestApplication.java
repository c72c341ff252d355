package io.diptych.http;

import io.diptych.database.TestDatabase;
import java.time.Clock;
import javax.sql.DataSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Import;
import samples.SampleRoutes;

/**
 * The HTTP packages alone, with routes made for the tests, on a database of their own. No
 * configuration by annotation, or tests of the whole service would find it.
 */
@EnableAutoConfiguration
@ComponentScan("io.diptych.http")
@Import(SampleRoutes.class)
public class HttpTestApplication {

  @Bean(destroyMethod = "close")
  TestDatabase database() {
    return TestDatabase.create();
  }

  @Bean(destroyMethod = "")
  DataSource dataSource(TestDatabase database) {
    return database.dataSource();
  }

  /** The readiness group of the service asks for it. */
  @Bean
  HealthIndicator lanes() {
    return () -> Health.up().build();
  }

  @Bean
  Clock clock() {
    return Clock.systemUTC();
  }
}
