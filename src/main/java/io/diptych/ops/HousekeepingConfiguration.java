package io.diptych.ops;

import io.diptych.role.Role;
import java.time.Clock;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.type.AnnotatedTypeMetadata;

/** Chores are done by processes that run jobs, and by those that were asked to. */
@Configuration(proxyBeanMethods = false)
@Conditional(HousekeepingConfiguration.TakesPart.class)
class HousekeepingConfiguration {

  @Bean
  Housekeeper housekeeper(
      DataSource dataSource, ObjectProvider<HousekeepingTask> chores, Clock clock) {
    return new Housekeeper(dataSource, chores.orderedStream().toList(), clock);
  }

  static final class TakesPart implements Condition {
    @Override
    public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
      Boolean enabled =
          context.getEnvironment().getProperty("diptych.housekeeping.enabled", Boolean.class);
      return enabled == null ? Role.of(context.getEnvironment()).runsJobs() : enabled;
    }
  }
}
