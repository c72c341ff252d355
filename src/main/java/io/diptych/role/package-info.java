/**
 * Which duties this process has: serving the API, running jobs, or both.
 *
 * <p>Nothing of how either is done.
 */
@NullMarked
package io.diptych.role;

import org.jspecify.annotations.NullMarked;
