/**
 * CSD-VAR: captions, scale-aware losses, rectification, K-V memories, optimiser, checkpoint and
 * artifact.
 *
 * <p>No job, no store, no HTTP; progress leaves through RunControl.
 */
@NullMarked
package io.diptych.engine.csd;

import org.jspecify.annotations.NullMarked;
