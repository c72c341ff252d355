/**
 * The models this process knows: where they lie, what they are, and the loaded ones.
 *
 * <p>No mathematics, no jobs.
 */
@NullMarked
package io.diptych.model;

import org.jspecify.annotations.NullMarked;
