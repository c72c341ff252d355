/**
 * Sampling: guidance windows, top-k, top-p, Gumbel smoothing, noise streams, batches of requests.
 *
 * <p>No training.
 */
@NullMarked
package io.diptych.engine.sample;

import org.jspecify.annotations.NullMarked;
