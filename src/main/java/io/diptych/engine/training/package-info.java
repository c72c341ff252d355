/**
 * Models in training: initial weights by formula, one optimisation step as one native call, and
 * checkpoints. Callers hand in plain arrays.
 *
 * <p>No data sets, no loops and no recipes.
 */
@NullMarked
package io.diptych.engine.training;

import org.jspecify.annotations.NullMarked;
