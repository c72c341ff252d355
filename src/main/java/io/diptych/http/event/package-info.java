/**
 * Server-sent events: replay, heartbeats, coalescing, and an end.
 *
 * <p>Where events come from is behind {@code EventLog}; nothing here stores one.
 */
@NullMarked
package io.diptych.http.event;

import org.jspecify.annotations.NullMarked;
