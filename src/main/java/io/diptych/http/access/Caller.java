package io.diptych.http.access;

import java.util.Set;

/**
 * An authenticated caller.
 *
 * @param tenant for whom
 * @param name which credential, for the log: a key's public id or a token's subject
 * @param scopes what the credential allows
 */
record Caller(Tenant tenant, String name, Set<Scope> scopes) {

  Caller {
    scopes = Set.copyOf(scopes);
  }

  boolean has(Scope scope) {
    return scopes.contains(scope);
  }
}
