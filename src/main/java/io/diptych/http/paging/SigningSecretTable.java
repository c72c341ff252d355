package io.diptych.http.paging;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.ZoneOffset;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/**
 * The table {@code signing_secret}, in which the first instance to start leaves a random secret.
 */
@Repository
class SigningSecretTable {

  private static final String CURSORS = "cursors";

  private final JdbcClient jdbc;
  private final Clock clock;

  SigningSecretTable(JdbcClient jdbc, Clock clock) {
    this.jdbc = jdbc;
    this.clock = clock;
  }

  byte[] forCursors() {
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    jdbc.sql(
            """
            insert into signing_secret (name, secret, created_at) values (:name, :secret, :now)
            on conflict (name) do nothing
            """)
        .param("name", CURSORS)
        .param("secret", random)
        .param("now", clock.instant().atOffset(ZoneOffset.UTC))
        .update();
    return jdbc.sql("select secret from signing_secret where name = :name")
        .param("name", CURSORS)
        .query(byte[].class)
        .single();
  }
}
