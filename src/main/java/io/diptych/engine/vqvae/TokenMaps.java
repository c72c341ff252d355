package io.diptych.engine.vqvae;

import ai.djl.ndarray.NDArray;
import java.util.List;

/**
 * A picture as the transformer sees it.
 *
 * @param scales token map of each scale, (B, side * side) int64, coarse to fine
 * @param teacherForcingInput what the transformer reads while it predicts scales 1..K-1, (B, L-1,
 *     d)
 */
public record TokenMaps(List<NDArray> scales, NDArray teacherForcingInput) {}
