package io.diptych.http.access;

import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import java.util.Optional;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;

/** The caller of the current request. */
final class Callers {

  private Callers() {}

  static void signIn(Caller caller) {
    SecurityContext context = SecurityContextHolder.createEmptyContext();
    context.setAuthentication(new CallerAuthentication(caller));
    SecurityContextHolder.setContext(context);
  }

  static Optional<Caller> current() {
    return Optional.ofNullable(
        CallerAuthentication.callerOf(SecurityContextHolder.getContext().getAuthentication()));
  }

  static Caller required() {
    return current()
        .orElseThrow(
            () -> new ProblemException(ProblemType.UNAUTHORIZED, "This needs a credential."));
  }
}
