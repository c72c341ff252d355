/**
 * Safetensors, memory-mapped, and the manifests that say what a backbone consists of.
 *
 * <p>Nothing is ever unpickled; no mathematics.
 */
@NullMarked
package io.diptych.engine.weights;

import org.jspecify.annotations.NullMarked;
