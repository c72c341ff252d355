/**
 * TorchScript programs: text resource, in-memory archive, callable methods. The only place that
 * knows how DJL calls them.
 *
 * <p>No model knowledge and no weights.
 */
@NullMarked
package io.diptych.engine.program;

import org.jspecify.annotations.NullMarked;
