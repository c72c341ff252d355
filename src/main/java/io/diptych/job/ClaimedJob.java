package io.diptych.job;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A job that a lane holds, as far as its runner needs to know it.
 *
 * @param fence what every write of this run carries; writes with an older one are refused
 * @param waitedMillis from being queued to this claim
 */
public record ClaimedJob(
    UUID id,
    JobKind kind,
    String tenant,
    JsonNode request,
    Map<String, String> labels,
    @Nullable String modelDigest,
    @Nullable String configHash,
    long fence,
    int attempt,
    long waitedMillis,
    @Nullable Instant finishBy,
    @Nullable String traceparent) {}
