package io.diptych.http.access;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Tells the operator how to let somebody in. */
class NobodyCanAuthenticateAnalyzer
    extends AbstractFailureAnalyzer<NobodyCanAuthenticateException> {

  @Override
  protected FailureAnalysis analyze(Throwable root, NobodyCanAuthenticateException failure) {
    return new FailureAnalysis(
        failure.getMessage(),
        """
        Do one of these:
          - set DIPTYCH_SECURITY_ADMINKEY to a secret of at least %d characters (openssl rand -base64 33), \
        then make API keys with POST /admin/keys;
          - set SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_ISSUERURI to the issuer of your tokens;
          - bind the service to this machine alone: SERVER_ADDRESS=127.0.0.1;
          - set DIPTYCH_SECURITY_AUTHENTICATION=OFF where the network itself keeps others out."""
            .formatted(SecurityProperties.MIN_ADMIN_KEY),
        failure);
  }
}
