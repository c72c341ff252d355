/**
 * The identity of a request across processes, as W3C Trace Context.
 *
 * <p>No spans and no exporters: a tracer may be added beside it and would win.
 */
@NullMarked
package io.diptych.http.trace;

import org.jspecify.annotations.NullMarked;
