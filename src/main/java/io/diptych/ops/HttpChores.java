package io.diptych.ops;

import io.diptych.http.idempotency.Idempotency;
import java.time.Duration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The chores of the HTTP interface. */
@Configuration(proxyBeanMethods = false)
class HttpChores {

  private static final Duration EVERY = Duration.ofHours(1);

  @Bean
  HousekeepingTask deleteIdempotencyKeys(Idempotency idempotency) {
    return new Chore("delete-idempotency-keys", EVERY, idempotency::deleteExpired);
  }
}
