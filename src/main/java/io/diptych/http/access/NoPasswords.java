package io.diptych.http.access;

import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.core.Authentication;

/** There are no users with passwords here. */
class NoPasswords implements AuthenticationProvider {

  @Override
  public Authentication authenticate(Authentication authentication) {
    throw new BadCredentialsException("This service knows no passwords.");
  }

  @Override
  public boolean supports(Class<?> authentication) {
    return true;
  }
}
