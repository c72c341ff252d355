/**
 * Backbones put together from their parts: loads the models of a manifest and answers the engine's
 * port with them.
 *
 * <p>No mathematics and no method of its own.
 */
@NullMarked
package io.diptych.engine.backbone;

import org.jspecify.annotations.NullMarked;
