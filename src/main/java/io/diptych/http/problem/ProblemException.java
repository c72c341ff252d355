package io.diptych.http.problem;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Ends a request with a problem. Any layer above the engine may throw it. */
public final class ProblemException extends RuntimeException {

  private final transient Problem problem;
  private final @Nullable Duration retryAfter;

  public ProblemException(ProblemType type, String detail) {
    this(Problem.of(type, detail), null, null);
  }

  public ProblemException(Problem problem) {
    this(problem, null, null);
  }

  /**
   * @param retryAfter when to try again; sent as {@code Retry-After}, rounded up to whole seconds
   * @param cause for the log alone
   */
  public ProblemException(
      Problem problem, @Nullable Duration retryAfter, @Nullable Throwable cause) {
    // A stack would cost more than a refusal is worth; a failure of ours needs one.
    super(problem.type() + ": " + problem.detail(), cause, false, problem.type().status() >= 500);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  /** The request has values that are wrong: status 422 with one entry each. */
  public static ProblemException invalid(FieldError... errors) {
    List<FieldError> list = Arrays.asList(errors);
    return new ProblemException(
        Problem.of(ProblemType.VALIDATION, ProblemTranslation.summary(list), list));
  }

  /**
   * There is no such thing for this tenant. The answer is the same whether it never existed or
   * belongs to someone else.
   *
   * @param what for people, as in {@code "decomposition"}
   */
  public static ProblemException notFound(String what, Object id) {
    return new ProblemException(ProblemType.NOT_FOUND, "There is no " + what + " " + id + ".");
  }

  /** This exception with a time after which to try again. */
  public ProblemException retryAfter(Duration time) {
    return new ProblemException(problem, time, getCause());
  }

  public Problem problem() {
    return problem;
  }

  public @Nullable Duration retryAfter() {
    return retryAfter;
  }
}
