package io.diptych.http.access;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How often one tenant may call one instance of the service.
 *
 * @param requestsPerMinute also the size of the largest burst; 0 for no limit
 */
@ConfigurationProperties("diptych.http.rate-limit")
record RateLimitProperties(@DefaultValue("600") int requestsPerMinute) {

  RateLimitProperties {
    if (requestsPerMinute < 0) {
      throw new IllegalArgumentException(
          "diptych.http.rate-limit.requests-per-minute must not be negative.");
    }
  }
}
