package io.diptych.worker;

import io.diptych.job.ClaimedJob;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Fields of every log line of a lane: lane, job, tenant, attempt, fence, trace id. Contexts nest;
 * the end of one brings back what it hid.
 */
final class LogContext {

  /** Version, trace id, span id, flags. */
  private static final int TRACEPARENT_PARTS = 4;

  private final Map<String, @Nullable String> hidden = new LinkedHashMap<>();

  private LogContext(Map<String, String> fields) {
    fields.forEach(
        (name, value) -> {
          hidden.put(name, MDC.get(name));
          MDC.put(name, value);
        });
  }

  static LogContext lane(String lane) {
    return new LogContext(Map.of("lane", lane));
  }

  static LogContext jobs(List<ClaimedJob> jobs) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("job", joined(jobs, job -> job.id().toString()));
    fields.put("tenant", joined(jobs, ClaimedJob::tenant));
    fields.put("attempt", joined(jobs, job -> Integer.toString(job.attempt())));
    fields.put("fence", joined(jobs, job -> Long.toString(job.fence())));
    String traceparent = jobs.get(0).traceparent();
    if (traceparent != null) {
      String[] parts = traceparent.split("-");
      if (parts.length >= TRACEPARENT_PARTS) {
        fields.put("traceId", parts[1]);
      }
    }
    return new LogContext(fields);
  }

  private static String joined(List<ClaimedJob> jobs, Function<ClaimedJob, String> field) {
    return jobs.stream().map(field).distinct().collect(Collectors.joining(","));
  }

  void close() {
    hidden.forEach(
        (name, value) -> {
          if (value == null) {
            MDC.remove(name);
          } else {
            MDC.put(name, value);
          }
        });
  }
}
