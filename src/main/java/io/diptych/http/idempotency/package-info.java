/**
 * {@code Idempotency-Key}: a request that is sent twice does its work once and is answered alike.
 *
 * <p>Knows resources by id only; what is made, and how it is shown, is the caller's.
 */
@NullMarked
package io.diptych.http.idempotency;

import org.jspecify.annotations.NullMarked;
