/**
 * Pixels: sprites, backdrops drawn by procedure, and the style filters.
 *
 * <p>No files, no names of things, no captions.
 */
@NullMarked
package io.diptych.pretrain.data.paint;

import org.jspecify.annotations.NullMarked;
