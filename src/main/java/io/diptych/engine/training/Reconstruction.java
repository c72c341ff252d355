package io.diptych.engine.training;

/**
 * Pictures after their way through the token maps.
 *
 * @param pictures (B, 3, S, S) in [-1, 1]
 * @param tokens of all scales of all pictures
 */
public record Reconstruction(float[] pictures, long[] tokens) {}
