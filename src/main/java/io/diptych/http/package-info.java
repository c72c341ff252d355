/**
 * What every route of the service shares: problems, idempotency, Prefer, ETag, downloads, event
 * streams, paging, tenants and limits.
 *
 * <p>No feature's rules and no feature's routes; nothing here knows what a job is.
 */
@NullMarked
package io.diptych.http;

import org.jspecify.annotations.NullMarked;
