package io.diptych.http.access;

import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.http.problem.ProblemWriter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.http.HttpHeaders;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.server.resource.web.BearerTokenAuthenticationEntryPoint;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.access.AccessDeniedHandler;

/** Says no as a problem, with the challenge that RFC 6750 asks for. */
class Refusals implements AuthenticationEntryPoint, AccessDeniedHandler {

  private final ProblemWriter problems;
  private final BearerTokenAuthenticationEntryPoint challenge =
      new BearerTokenAuthenticationEntryPoint();

  Refusals(ProblemWriter problems) {
    this.problems = problems;
    challenge.setRealmName("diptych");
  }

  @Override
  public void commence(
      HttpServletRequest request, HttpServletResponse response, AuthenticationException failure)
      throws IOException {
    challenge.commence(request, response, failure);
    problems.write(
        request,
        response,
        new ProblemException(
            ProblemType.UNAUTHORIZED,
            request.getHeader(HttpHeaders.AUTHORIZATION) == null
                ? "The request has no credential."
                : "The bearer token is not valid for this service."));
  }

  @Override
  public void handle(
      HttpServletRequest request, HttpServletResponse response, AccessDeniedException denial)
      throws IOException {
    problems.write(
        request,
        response,
        new ProblemException(
            ProblemType.FORBIDDEN, "This needs the scope " + Scope.ADMIN.value() + "."));
  }

  void refuse(HttpServletRequest request, HttpServletResponse response, ProblemException problem)
      throws IOException {
    if (problem.problem().type() == ProblemType.UNAUTHORIZED) {
      response.setHeader(HttpHeaders.WWW_AUTHENTICATE, "Bearer realm=\"diptych\"");
    }
    problems.write(request, response, problem);
  }
}
