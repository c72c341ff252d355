/**
 * Measures what decompositions and generations are worth: judges, metrics, the benchmark harness.
 *
 * <p>Nothing a running service needs, and nothing that generates.
 */
@NullMarked
package io.diptych.evaluation;

import org.jspecify.annotations.NullMarked;
