package io.diptych.http.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.http.access.SecurityProperties.Mode;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessPolicyTest {

  @ParameterizedTest
  @CsvSource({
    "AUTO, 127.0.0.1, false, false",
    "AUTO, ::1, false, false",
    "AUTO, 127.0.0.1, true, true",
    "AUTO, 0.0.0.0, false, true",
    "AUTO, ::, false, true",
    "AUTO, 192.168.1.7, false, true",
    "AUTO, , false, true",
    "REQUIRED, 127.0.0.1, false, true",
    "OFF, 0.0.0.0, true, false"
  })
  void credentialsAreNeededUnlessNobodyElseCanCall(
      Mode mode, String address, boolean meansConfigured, boolean needed) throws Exception {
    InetAddress bound = address == null ? null : InetAddress.getByName(address);

    assertThat(AccessPolicy.of(mode, bound, meansConfigured).authenticated()).isEqualTo(needed);
  }

  @Test
  void aShortAdminKeyIsRefused() {
    assertThatThrownBy(() -> new SecurityProperties(Mode.AUTO, "x".repeat(31), "tenant", List.of()))
        .hasMessageContaining("fewer than 32 characters");
  }

  @Test
  void settingsDoNotShowTheAdminKey() {
    assertThat(new SecurityProperties(Mode.AUTO, "s".repeat(32), "tenant", List.of()).toString())
        .doesNotContain("sss");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b", "-a", "a b", "a\nb", "ä"})
  void unfitTenantsAreRefused(String id) {
    assertThatThrownBy(() -> new Tenant(id)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Tenant("a".repeat(65)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
