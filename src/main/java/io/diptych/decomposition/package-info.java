/**
 * Decompositions: a picture is submitted, its content and its style are learned, and the result is
 * kept until its owner deletes it.
 *
 * <p>No HTTP routes, which are in {@code web}, and no mathematics.
 */
@NullMarked
package io.diptych.decomposition;

import org.jspecify.annotations.NullMarked;
