/**
 * Text encoders and tokenizers, with learned rows at placeholder positions.
 *
 * <p>No image model.
 */
@NullMarked
package io.diptych.engine.text;

import org.jspecify.annotations.NullMarked;
