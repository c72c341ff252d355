package io.diptych.resource;

import io.diptych.http.paging.PageQuery;
import io.diptych.http.problem.FieldError;
import io.diptych.http.problem.ProblemException;
import io.diptych.job.JobKind;
import io.diptych.job.JobQuery;
import io.diptych.job.JobState;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springdoc.core.annotations.ParameterObject;

/**
 * Which jobs a list shows. Declare it as a parameter of a handler method; it reads query parameters
 * of the names of its components.
 *
 * @param state empty: any
 * @param label each as {@code name:value}
 */
@ParameterObject
public record JobFilter(
    @Parameter(description = "Only those in one of these states.") List<JobState> state,
    @Parameter(description = "Only those with this label, as `name:value`; may be repeated.")
        List<String> label,
    @Parameter(
            description = "Only those created at this time or later.",
            schema = @Schema(type = "string", format = "date-time"))
        @Nullable Instant createdFrom,
    @Parameter(
            description = "Only those created before this time.",
            schema = @Schema(type = "string", format = "date-time"))
        @Nullable Instant createdBefore) {

  /**
   * @throws ProblemException {@code validation} when a label has no name, or two values, or cannot
   *     be one
   */
  JobQuery query(String tenant, JobKind kind, PageQuery page) {
    return new JobQuery(
        tenant,
        kind,
        Set.copyOf(state),
        labels(),
        createdFrom,
        createdBefore,
        page.after(),
        page.fetch());
  }

  private Map<String, String> labels() {
    Map<String, String> labels = new HashMap<>();
    for (String each : label) {
      int colon = each.indexOf(':');
      if (colon < 1) {
        throw ProblemException.invalid(FieldError.parameter("label", "must be name:value"));
      }
      if (each.indexOf(0) >= 0) {
        throw ProblemException.invalid(FieldError.parameter("label", "holds the character U+0000"));
      }
      String name = each.substring(0, colon);
      String value = each.substring(colon + 1);
      if (!value.equals(labels.getOrDefault(name, value))) {
        throw ProblemException.invalid(
            FieldError.parameter("label", "asks for two values of one name; a job has one"));
      }
      labels.put(name, value);
    }
    return labels;
  }
}
