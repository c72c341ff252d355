package io.diptych.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BlobKeyTest {

  private static final String OWNER = "0199b2a0-0000-7000-8000-00000000abcd";
  private static final String DIGEST = "0a".repeat(32);

  @ParameterizedTest
  @EnumSource
  void aKeyIsReadBackFromItsText(BlobKind kind) {
    BlobKey key = new BlobKey(UUID.fromString(OWNER), kind, DIGEST);

    assertThat(BlobKey.parse(key.toString())).isEqualTo(key);
  }

  @Test
  void theTextSaysOwnerThenKindThenDigest() {
    BlobKey key = new BlobKey(UUID.fromString(OWNER), BlobKind.CONCEPT, DIGEST);

    assertThat(key).hasToString(OWNER + "/concept/" + DIGEST);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "../../etc/passwd",
        OWNER + "/concept/../../" + DIGEST_TEXT,
        OWNER + "/CONCEPT/" + DIGEST_TEXT,
        OWNER + "/poem/" + DIGEST_TEXT,
        "0-0-0-0-0/concept/" + DIGEST_TEXT,
        "0199B2A0-0000-7000-8000-00000000ABCD/concept/" + DIGEST_TEXT,
        OWNER + "/concept/" + DIGEST_TEXT + "/",
        OWNER + "/concept/abc"
      })
  void whatIsNotExactlyAKeyIsRefused(String text) {
    assertThatThrownBy(() -> BlobKey.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  private static final String DIGEST_TEXT =
      "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";
}
