package io.diptych.http.paging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.http.access.Tenant;
import io.diptych.http.problem.ProblemException;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CursorsTest {

  private static final Tenant ANNA = new Tenant("anna");
  private static final UUID ID = UUID.fromString("01912345-6789-7abc-8def-0123456789ab");

  private final Cursors cursors = new Cursors(new byte[32]);

  @Test
  void aCursorLeadsBackToItsId() {
    assertThat(cursors.decode(ANNA, "/jobs?", cursors.encode(ANNA, "/jobs?", ID))).isEqualTo(ID);
  }

  @Test
  void anotherTenantsCursorIsRefused() {
    String cursor = cursors.encode(ANNA, "/jobs?", ID);

    assertThatThrownBy(() -> cursors.decode(new Tenant("ben"), "/jobs?", cursor))
        .isInstanceOf(ProblemException.class);
  }

  @Test
  void aCursorSignedWithAnotherSecretIsRefused() {
    byte[] other = new byte[32];
    other[0] = 1;

    String cursor = new Cursors(other).encode(ANNA, "/jobs?", ID);

    assertThatThrownBy(() -> cursors.decode(ANNA, "/jobs?", cursor))
        .isInstanceOf(ProblemException.class);
  }

  @Test
  void textThatIsNoCursorIsRefused() {
    assertThatThrownBy(() -> cursors.decode(ANNA, "/jobs?", "*"))
        .isInstanceOf(ProblemException.class);
    assertThatThrownBy(() -> cursors.decode(ANNA, "/jobs?", ""))
        .isInstanceOf(ProblemException.class);
  }
}
