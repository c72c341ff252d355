package io.diptych.http.problem;

import io.diptych.http.trace.RequestTrace;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes problems, for controllers, filters and the container alike. Nothing is negotiated: whoever
 * asked for a picture still gets the reason why there is none.
 */
@Component
public class ProblemWriter {

  private static final Logger log = LoggerFactory.getLogger(ProblemWriter.class);
  private static final List<String> ABOUT_ANOTHER_BODY =
      List.of(
          HttpHeaders.ETAG,
          HttpHeaders.CONTENT_DISPOSITION,
          HttpHeaders.CONTENT_ENCODING,
          HttpHeaders.LAST_MODIFIED,
          HttpHeaders.ACCEPT_RANGES);

  private final JsonMapper json;
  private final ProblemTranslation translation;

  ProblemWriter(JsonMapper json, ProblemTranslation translation) {
    this.json = json;
    this.translation = translation;
  }

  /** Answers with the problem that the failure is. */
  public void write(HttpServletRequest request, HttpServletResponse response, Throwable failure)
      throws IOException {
    ProblemTranslation.Answer answer = translation.translate(failure);
    Problem problem = answer.problem();
    if (problem.status() >= 500 && isExplained(failure, problem.type())) {
      log.error(
          "{} {} failed: {} {}",
          request.getMethod(),
          request.getRequestURI(),
          problem.detail(),
          problem.type().action());
    } else if (problem.status() >= 500) {
      log.error("{} {} failed", request.getMethod(), request.getRequestURI(), failure);
    } else {
      log.debug("{} {} refused", request.getMethod(), request.getRequestURI(), failure);
    }
    write(request, response, answer);
  }

  /** Chosen by code that knew what was wrong; where it happened would tell nothing more. */
  private static boolean isExplained(Throwable failure, ProblemType type) {
    return failure instanceof ProblemException
        && failure.getCause() == null
        && type != ProblemType.INTERNAL;
  }

  /** Answers with the general problem for a status code. */
  void writeStatus(HttpServletRequest request, HttpServletResponse response, int status)
      throws IOException {
    write(request, response, ProblemTranslation.ofStatus(status));
  }

  private void write(
      HttpServletRequest request, HttpServletResponse response, ProblemTranslation.Answer answer)
      throws IOException {
    if (response.isCommitted()) {
      // Half an answer is on its way; the broken connection tells the client that it is not whole.
      return;
    }
    Problem problem = answer.problem().withTraceId(RequestTrace.of(request).traceId());
    byte[] body = json.writeValueAsBytes(problem);
    response.resetBuffer();
    ABOUT_ANOTHER_BODY.forEach(name -> response.setHeader(name, null));
    response.setStatus(problem.status());
    answer.headers().forEach((name, values) -> response.setHeader(name, String.join(", ", values)));
    response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
    response.flushBuffer();
  }
}
