/**
 * Generations: pictures are asked for, made in batches and kept until their owner deletes them.
 *
 * <p>No HTTP routes, which are in {@code web}, and no mathematics.
 */
@NullMarked
package io.diptych.generation;

import org.jspecify.annotations.NullMarked;
