package io.diptych.job;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Published in the process that ended a job, after commit.
 *
 * @param state the final state
 * @param errorCode entry of the error catalogue, when there is an error
 */
public record JobEnded(
    UUID job, JobKind kind, String tenant, JobState state, @Nullable String errorCode)
    implements JobNotice {}
