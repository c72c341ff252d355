package io.diptych.http.problem;

import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.jspecify.annotations.Nullable;

/** Answers what fails before any servlet is reached, such as a request line that is not HTTP. */
class ProblemReportValve extends ErrorReportValve {

  private final ProblemWriter writer;

  ProblemReportValve(ProblemWriter writer) {
    this.writer = writer;
  }

  @Override
  protected void report(Request request, Response response, @Nullable Throwable failure) {
    int status = response.getStatus();
    if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
      return;
    }
    try {
      writer.writeStatus(request, response, status);
    } catch (IOException | IllegalStateException gone) {
      container.getLogger().debug("Could not report status " + status, gone);
    }
  }
}
