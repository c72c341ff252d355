package io.diptych.worker;

import io.diptych.job.JobKind;
import java.util.Set;

/**
 * How a lane is.
 *
 * @param able whether it can run something of its kinds now, or is running it
 * @param busy whether a ticket is in it
 */
public record LaneStatus(
    String name, String device, Set<JobKind> kinds, boolean able, boolean busy) {}
