package io.diptych.http.access;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.convert.converter.Converter;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.server.resource.InvalidBearerTokenException;

/**
 * Callers from verified tokens: the tenant from a claim, scopes from {@code scope} or {@code scp}.
 */
record TokenCallers(String tenantClaim) implements Converter<Jwt, CallerAuthentication> {

  @Override
  public CallerAuthentication convert(Jwt token) {
    // Never a default: a token without a tenant would see what belongs to another.
    if (!(token.getClaims().get(tenantClaim) instanceof String tenant) || !Tenant.isValid(tenant)) {
      throw new InvalidBearerTokenException(
          "The token has no valid tenant in its claim " + tenantClaim);
    }
    String subject = token.getSubject();
    return new CallerAuthentication(
        new Caller(new Tenant(tenant), subject == null ? "token" : subject, scopes(token)));
  }

  private static Set<Scope> scopes(Jwt token) {
    Set<String> granted =
        Stream.of("scope", "scp")
            .flatMap(claim -> words(token.getClaims().get(claim)))
            .collect(Collectors.toSet());
    return Arrays.stream(Scope.values())
        .filter(scope -> granted.contains(scope.value()))
        .collect(Collectors.toUnmodifiableSet());
  }

  private static Stream<String> words(@Nullable Object claim) {
    if (claim instanceof String text) {
      return List.of(text.split(" ")).stream();
    }
    return claim instanceof Collection<?> list
        ? list.stream().map(Object::toString)
        : Stream.empty();
  }
}
