package io.diptych.http.access;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Who may call.
 *
 * @param authentication AUTO asks for credentials unless the service is bound to loopback and no
 *     means to authenticate is configured
 * @param adminKey a secret of at least 32 characters that may manage API keys; how the first key is
 *     made
 * @param tenantClaim the claim of a token that names the tenant
 * @param publicPaths patterns that need no credential, besides health, problems and API documents
 */
@ConfigurationProperties("diptych.security")
record SecurityProperties(
    @DefaultValue("AUTO") Mode authentication,
    @Nullable String adminKey,
    @DefaultValue("tenant") String tenantClaim,
    @DefaultValue List<String> publicPaths) {

  enum Mode {
    AUTO,
    REQUIRED,
    OFF
  }

  static final int MIN_ADMIN_KEY = 32;

  SecurityProperties {
    publicPaths = List.copyOf(publicPaths);
    if (adminKey != null && adminKey.isBlank()) {
      adminKey = null;
    }
    if (adminKey != null && adminKey.length() < MIN_ADMIN_KEY) {
      throw new IllegalArgumentException(
          "diptych.security.admin-key has fewer than "
              + MIN_ADMIN_KEY
              + " characters; make one with: openssl rand -base64 33");
    }
  }

  /** Its text would hold the admin key. */
  @Override
  public String toString() {
    return "SecurityProperties[authentication=" + authentication + "]";
  }
}
