/**
 * The catalogue of problems as a resource, so that the {@code type} of a problem can be followed.
 *
 * <p>No other routes.
 */
@NullMarked
package io.diptych.http.problem.web;

import org.jspecify.annotations.NullMarked;
