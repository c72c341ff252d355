package io.diptych.http.access;

/** Credentials are required, and there are none that the service would accept. */
class NobodyCanAuthenticateException extends RuntimeException {

  NobodyCanAuthenticateException() {
    super(
        "Callers need a credential, since the service can be reached from other machines, but"
            + " there is no API key, no admin key and no issuer of tokens.");
  }
}
