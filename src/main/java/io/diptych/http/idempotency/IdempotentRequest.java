package io.diptych.http.idempotency;

import io.diptych.http.access.Tenant;
import org.jspecify.annotations.Nullable;

/**
 * A request that may be repeated.
 *
 * @param route stable name such as {@code POST /decompositions}; keys are unique per tenant and
 *     route
 * @param key null when the client sent none: the work is then done each time
 */
public record IdempotentRequest(
    Tenant tenant, String route, @Nullable IdempotencyKey key, Fingerprint fingerprint) {}
