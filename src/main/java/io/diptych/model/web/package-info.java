/**
 * The models over HTTP: {@code GET /models}.
 *
 * <p>Reads only. Nobody imports this package.
 */
@NullMarked
package io.diptych.model.web;

import org.jspecify.annotations.NullMarked;
