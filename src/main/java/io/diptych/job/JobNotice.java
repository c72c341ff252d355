package io.diptych.job;

/** What the queue tells listeners in the process where it happened, after commit. */
public sealed interface JobNotice permits AttemptFailed, JobEnded {}
