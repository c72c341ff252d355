package io.diptych.http.access;

import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Signs everybody in as {@link Tenant#LOCAL} with every scope, where no credentials are asked for.
 *
 * <p>A browser on the same machine lets any web site send requests here, and a site can rebind its
 * own name to a loopback address to read the answers. So requests from foreign origins are refused,
 * and those that come over loopback under a foreign host name. A management port may be open to the
 * network where the service is not: probes call it by any address.
 */
class LocalAccessFilter extends OncePerRequestFilter {

  private static final Set<String> LOOPBACK_NAMES =
      Set.of("localhost", "127.0.0.1", "[::1]", "[0:0:0:0:0:0:0:1]");

  private final boolean loopbackOnly;
  private final Refusals refusals;

  LocalAccessFilter(boolean loopbackOnly, Refusals refusals) {
    this.loopbackOnly = loopbackOnly;
    this.refusals = refusals;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    if (loopbackOnly
        && InetAddress.getByName(request.getLocalAddr()).isLoopbackAddress()
        && !LOOPBACK_NAMES.contains(request.getServerName().toLowerCase(Locale.ROOT))) {
      refuse(request, response, "Without credentials the service answers only to localhost.");
    } else if (isForeign(request, request.getHeader(HttpHeaders.ORIGIN))) {
      refuse(request, response, "Without credentials the service refuses other web sites.");
    } else {
      Callers.signIn(new Caller(Tenant.LOCAL, "local", Set.of(Scope.values())));
      chain.doFilter(request, response);
    }
  }

  private void refuse(HttpServletRequest request, HttpServletResponse response, String detail)
      throws IOException {
    refusals.refuse(request, response, new ProblemException(ProblemType.FORBIDDEN, detail));
  }

  private static boolean isForeign(HttpServletRequest request, @Nullable String origin) {
    boolean linkFollowed =
        "GET".equals(request.getMethod()) && "navigate".equals(request.getHeader("Sec-Fetch-Mode"));
    if ("cross-site".equals(request.getHeader("Sec-Fetch-Site")) && !linkFollowed) {
      return true;
    }
    if (origin == null) {
      return false;
    }
    try {
      String authority = URI.create(origin).getAuthority();
      return authority == null || !authority.equalsIgnoreCase(request.getHeader(HttpHeaders.HOST));
    } catch (IllegalArgumentException notAnOrigin) {
      return true;
    }
  }
}
