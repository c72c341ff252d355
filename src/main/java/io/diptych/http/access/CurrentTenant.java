package io.diptych.http.access;

/** The tenant of the request that the current thread handles, for argument resolvers. */
public final class CurrentTenant {

  private CurrentTenant() {}

  /**
   * @throws io.diptych.http.problem.ProblemException {@code unauthorized} where there is none
   */
  public static Tenant required() {
    return Callers.required().tenant();
  }
}
