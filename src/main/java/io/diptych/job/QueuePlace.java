package io.diptych.job;

import java.time.Duration;

/**
 * Where a waiting job stands.
 *
 * @param position 1: next. Others may still be served in between, if it is their tenant's turn
 * @param estimatedWait from the duration of recent runs; zero before anything has ever run
 */
public record QueuePlace(int position, Duration estimatedWait) {}
