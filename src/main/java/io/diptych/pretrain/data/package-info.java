/**
 * The pretraining data: emoji art from package registries, multiplied by styles and contexts,
 * captioned, split and written.
 *
 * <p>No models, no tensors, no Spring.
 */
@NullMarked
package io.diptych.pretrain.data;

import org.jspecify.annotations.NullMarked;
