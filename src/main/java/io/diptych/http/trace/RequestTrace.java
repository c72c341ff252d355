package io.diptych.http.trace;

import jakarta.servlet.http.HttpServletRequest;

/** The trace of a servlet request; the same one for all its dispatches. */
public final class RequestTrace {

  private static final String ATTRIBUTE = RequestTrace.class.getName();

  private RequestTrace() {}

  public static TraceContext of(HttpServletRequest request) {
    if (request.getAttribute(ATTRIBUTE) instanceof TraceContext known) {
      return known;
    }
    TraceContext trace =
        TraceContext.parse(request.getHeader("traceparent")).orElseGet(TraceContext::begin);
    request.setAttribute(ATTRIBUTE, trace);
    return trace;
  }
}
