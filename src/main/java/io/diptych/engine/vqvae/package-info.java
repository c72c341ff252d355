/**
 * The multi-scale VQ-VAE: picture to token maps and back, and the teacher-forcing inputs between
 * scales.
 *
 * <p>No transformer, no text.
 */
@NullMarked
package io.diptych.engine.vqvae;

import org.jspecify.annotations.NullMarked;
