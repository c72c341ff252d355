/**
 * The Switti transformer: logits of every scale from text conditions, caches and K-V memories.
 *
 * <p>No sampling decisions and no losses.
 */
@NullMarked
package io.diptych.engine.switti;

import org.jspecify.annotations.NullMarked;
