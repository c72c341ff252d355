package io.diptych.http.problem;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One occurrence of a {@link ProblemType}: the body of an answer, the {@code error} of a failed
 * job.
 *
 * @param type the entry of the catalogue
 * @param detail what happened this time, for a person; never a stack, a file path or SQL
 * @param jobId the job concerned
 * @param traceId under which the logs tell more
 * @param errors the values that are wrong, where the type is about values
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({
  "type",
  "title",
  "status",
  "detail",
  "retryable",
  "action",
  "jobId",
  "traceId",
  "errors"
})
public record Problem(
    ProblemType type,
    String detail,
    @Nullable String jobId,
    @Nullable String traceId,
    List<FieldError> errors) {

  public Problem {
    errors = List.copyOf(errors);
  }

  public static Problem of(ProblemType type, String detail) {
    return new Problem(type, detail, null, null, List.of());
  }

  public static Problem of(ProblemType type, String detail, List<FieldError> errors) {
    return new Problem(type, detail, null, null, errors);
  }

  /**
   * The problem of a failed job, as stored with it. A type that this version does not know, because
   * a newer one wrote it, is shown as {@link ProblemType#INTERNAL}.
   */
  public static Problem stored(String slug, String detail) {
    return of(ProblemType.ofSlug(slug).orElse(ProblemType.INTERNAL), detail);
  }

  public Problem withJob(Object jobId) {
    return new Problem(type, detail, jobId.toString(), traceId, errors);
  }

  public Problem withTraceId(@Nullable String traceId) {
    return new Problem(type, detail, jobId, traceId, errors);
  }

  @JsonProperty(required = true, access = JsonProperty.Access.READ_ONLY)
  public String title() {
    return type.title();
  }

  @JsonProperty(required = true, access = JsonProperty.Access.READ_ONLY)
  public int status() {
    return type.status();
  }

  @JsonProperty(required = true, access = JsonProperty.Access.READ_ONLY)
  public boolean retryable() {
    return type.retryable();
  }

  @JsonProperty(required = true, access = JsonProperty.Access.READ_ONLY)
  public String action() {
    return type.action();
  }
}
