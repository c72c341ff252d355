package io.diptych.job;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A job as it stood when it was read.
 *
 * @param version grows with every visible change; good for an ETag, and equal to the number of the
 *     newest event
 * @param attempt runs that counted, the present one included; a hand-back at a drain does not count
 * @param progress null until the first step was reported
 * @param error present when FAILED or EXPIRED
 * @param result what the runner left, present when SUCCEEDED
 * @param queuedAt when it was submitted or retried last
 * @param notBefore when the next try after a failure may begin
 * @param startedAt when a lane first took it since {@code queuedAt}
 */
public record Job(
    UUID id,
    JobKind kind,
    String tenant,
    JobState state,
    long version,
    int priority,
    Map<String, String> labels,
    JsonNode request,
    @Nullable String batchKey,
    @Nullable String modelDigest,
    @Nullable String configHash,
    int attempt,
    @Nullable Progress progress,
    @Nullable JobError error,
    @Nullable JsonNode result,
    @Nullable String traceparent,
    Instant createdAt,
    Instant queuedAt,
    @Nullable Instant notBefore,
    @Nullable Instant startedAt,
    @Nullable Instant finishedAt,
    @Nullable Instant cancelRequestedAt,
    @Nullable Instant startBy,
    @Nullable Instant finishBy) {}
