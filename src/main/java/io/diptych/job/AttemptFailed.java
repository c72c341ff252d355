package io.diptych.job;

import java.util.UUID;

/**
 * A run of a job failed, whether the job is repeated or not, and whoever found out: the lane, the
 * watchdog, or another process when the worker was lost.
 */
public record AttemptFailed(UUID job, JobKind kind, FailureReason reason) implements JobNotice {}
