package io.diptych.job;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A job to be queued; made by a {@link #of builder}.
 *
 * @param id drawn by {@link Jobs#newId()}; null: the queue draws one
 * @param kind what it does
 * @param tenant who pays for it
 * @param request what its runner needs to know; the queue does not look inside
 * @param priority -10 to 10, higher first, inside the tenant only
 * @param labels the owner's own
 * @param batchKey jobs with equal keys may run in one batch; null: never with others
 * @param modelDigest only lanes that have this model take it; null: any lane
 * @param configHash identity of the run, for its checkpoints
 * @param needBytes device memory it needs; only lanes with so much free take it
 * @param startWithin it expires when no lane has taken it by then; null: as the settings say
 * @param finishWithin it expires when it has not ended by then, counted from being queued; null: as
 *     the settings say
 * @param traceparent W3C trace context of the request that asked for it
 */
public record Submission(
    @Nullable UUID id,
    JobKind kind,
    String tenant,
    JsonNode request,
    int priority,
    Map<String, String> labels,
    @Nullable String batchKey,
    @Nullable String modelDigest,
    @Nullable String configHash,
    long needBytes,
    @Nullable Duration startWithin,
    @Nullable Duration finishWithin,
    @Nullable String traceparent) {

  /** Largest absolute value of a priority. */
  public static final int MAX_PRIORITY = 10;

  public Submission {
    labels = Map.copyOf(labels);
    if (tenant.isBlank()) {
      throw new IllegalArgumentException("A job needs a tenant.");
    }
    if (Math.abs(priority) > MAX_PRIORITY) {
      throw new IllegalArgumentException(
          "Priority %d is outside -%d to %d.".formatted(priority, MAX_PRIORITY, MAX_PRIORITY));
    }
    if (needBytes < 0) {
      throw new IllegalArgumentException("A job cannot need " + needBytes + " bytes.");
    }
    requirePositive("start", startWithin);
    requirePositive("finish", finishWithin);
  }

  /** What every job needs; the builder's other values have defaults. */
  public static Builder of(JobKind kind, String tenant, JsonNode request) {
    return new Builder(kind, tenant, request);
  }

  private static void requirePositive(String what, @Nullable Duration limit) {
    if (limit != null && (limit.isNegative() || limit.isZero())) {
      throw new IllegalArgumentException(
          "The time to %s must be positive, not %s.".formatted(what, limit));
    }
  }

  /** Collects what a submission may say beyond the necessary. */
  public static final class Builder {
    private final JobKind kind;
    private final String tenant;
    private final JsonNode request;
    private @Nullable UUID id;
    private int priority;
    private Map<String, String> labels = Map.of();
    private @Nullable String batchKey;
    private @Nullable String modelDigest;
    private @Nullable String configHash;
    private long needBytes;
    private @Nullable Duration startWithin;
    private @Nullable Duration finishWithin;
    private @Nullable String traceparent;

    private Builder(JobKind kind, String tenant, JsonNode request) {
      this.kind = kind;
      this.tenant = tenant;
      this.request = request;
    }

    public Builder id(UUID id) {
      this.id = id;
      return this;
    }

    public Builder priority(int priority) {
      this.priority = priority;
      return this;
    }

    public Builder labels(Map<String, String> labels) {
      this.labels = labels;
      return this;
    }

    public Builder batchKey(@Nullable String batchKey) {
      this.batchKey = batchKey;
      return this;
    }

    public Builder modelDigest(@Nullable String modelDigest) {
      this.modelDigest = modelDigest;
      return this;
    }

    public Builder configHash(@Nullable String configHash) {
      this.configHash = configHash;
      return this;
    }

    public Builder needBytes(long needBytes) {
      this.needBytes = needBytes;
      return this;
    }

    public Builder startWithin(@Nullable Duration startWithin) {
      this.startWithin = startWithin;
      return this;
    }

    public Builder finishWithin(@Nullable Duration finishWithin) {
      this.finishWithin = finishWithin;
      return this;
    }

    public Builder traceparent(@Nullable String traceparent) {
      this.traceparent = traceparent;
      return this;
    }

    public Submission build() {
      return new Submission(
          id,
          kind,
          tenant,
          request,
          priority,
          labels,
          batchKey,
          modelDigest,
          configHash,
          needBytes,
          startWithin,
          finishWithin,
          traceparent);
    }
  }
}
