/**
 * The error catalogue, and its one way onto the wire: RFC 9457 for every answer that is not a
 * success.
 *
 * <p>The catalogue itself knows no servlets, since failed jobs speak it too.
 */
@NullMarked
package io.diptych.http.problem;

import org.jspecify.annotations.NullMarked;
