package io.diptych.http.access;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.authority.SimpleGrantedAuthority;

/** A caller, in the shape that Spring Security passes around. */
final class CallerAuthentication extends AbstractAuthenticationToken {

  private final transient Caller caller;

  CallerAuthentication(Caller caller) {
    super(authorities(caller));
    this.caller = caller;
    setAuthenticated(true);
  }

  /** The caller of this authentication, if it is one of ours. */
  static @Nullable Caller callerOf(@Nullable Authentication authentication) {
    return authentication instanceof CallerAuthentication ours ? ours.caller : null;
  }

  @Override
  public Caller getPrincipal() {
    return caller;
  }

  /** Credentials are checked and forgotten. */
  @Override
  public @Nullable Object getCredentials() {
    return null;
  }

  private static List<GrantedAuthority> authorities(Caller caller) {
    return caller.scopes().stream()
        .<GrantedAuthority>map(scope -> new SimpleGrantedAuthority(scope.authority()))
        .toList();
  }
}
