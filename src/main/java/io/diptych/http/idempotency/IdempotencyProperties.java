package io.diptych.http.idempotency;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Idempotency keys.
 *
 * @param keep how long a first answer is repeated
 * @param required whether routes that know the header demand it
 */
@ConfigurationProperties("diptych.http.idempotency")
record IdempotencyProperties(
    @DefaultValue("24h") Duration keep, @DefaultValue("false") boolean required) {}
