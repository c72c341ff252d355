package io.diptych.http.access;

import io.diptych.http.problem.Problem;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.http.problem.RetryAfter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.MDC;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Names the tenant in the log and counts its request, where credentials are asked for: a service
 * for one local user has nobody to be fair to.
 */
class TenantRateFilter extends OncePerRequestFilter {

  /** Key of the tenant in the logging context. */
  private static final String MDC_KEY = "tenant";

  private final RequestRates rates;
  private final boolean counts;
  private final Refusals refusals;

  TenantRateFilter(RequestRates rates, AccessPolicy policy, Refusals refusals) {
    this.rates = rates;
    this.counts = policy.authenticated() && !rates.unlimited();
    this.refusals = refusals;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    Optional<Caller> caller = Callers.current();
    if (caller.isEmpty()) {
      chain.doFilter(request, response);
      return;
    }
    Tenant tenant = caller.get().tenant();
    MDC.put(MDC_KEY, tenant.id());
    try {
      if (!counts || allow(tenant, request, response)) {
        chain.doFilter(request, response);
      }
    } finally {
      MDC.remove(MDC_KEY);
    }
  }

  private boolean allow(Tenant tenant, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    RequestRates.Count count = rates.count(tenant);
    // draft-ietf-httpapi-ratelimit-headers: items with a name, a quota, a window in seconds.
    response.setHeader("RateLimit-Policy", "\"requests\";q=" + count.limit() + ";w=60");
    response.setHeader(
        "RateLimit",
        "\"requests\";r=" + count.remaining() + ";t=" + RetryAfter.seconds(count.pause()));
    if (count.allowed()) {
      return true;
    }
    Problem problem =
        Problem.of(
            ProblemType.RATE_LIMITED,
            "More than " + count.limit() + " requests a minute for this tenant.");
    refusals.refuse(request, response, new ProblemException(problem, count.pause(), null));
    return false;
  }
}
