package io.diptych.http.access;

import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.web.filter.OncePerRequestFilter;

/** Authenticates API keys, sent in {@code X-API-Key} or as bearer token, and the admin key. */
class ApiKeyFilter extends OncePerRequestFilter {

  static final String HEADER = "X-API-Key";

  private static final String BEARER = "bearer ";

  private final ApiKeys keys;
  private final byte @Nullable [] adminKeyHash;
  private final Refusals refusals;

  ApiKeyFilter(ApiKeys keys, @Nullable String adminKey, Refusals refusals) {
    this.keys = keys;
    this.adminKeyHash = adminKey == null ? null : KeySecret.sha256(adminKey);
    this.refusals = refusals;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String header = request.getHeader(HEADER);
    String bearer = bearer(request);
    String text = header != null ? header.strip() : bearer;
    if (text == null) {
      chain.doFilter(request, response);
      return;
    }
    Optional<Caller> caller = recogniseAdmin(text).or(() -> keys.recognise(text));
    if (caller.isPresent()) {
      Callers.signIn(caller.get());
      chain.doFilter(request, response);
    } else if (header != null || text.startsWith(KeySecret.PREFIX)) {
      refusals.refuse(
          request,
          response,
          new ProblemException(
              ProblemType.UNAUTHORIZED, "The API key is unknown, revoked or expired."));
    } else {
      // Any other bearer token is for the resource server.
      chain.doFilter(request, response);
    }
  }

  private Optional<Caller> recogniseAdmin(String text) {
    return adminKeyHash != null && MessageDigest.isEqual(adminKeyHash, KeySecret.sha256(text))
        ? Optional.of(new Caller(new Tenant("admin"), "admin-key", Set.of(Scope.ADMIN)))
        : Optional.empty();
  }

  private static @Nullable String bearer(HttpServletRequest request) {
    String authorization = request.getHeader(HttpHeaders.AUTHORIZATION);
    return authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? authorization.substring(BEARER.length()).strip()
        : null;
  }
}
