package io.diptych.pretrain;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HalfTest {

  @Test
  void everyHalfComesBackAsItWas() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Half.toFloat((short) bits);
      if (!Float.isNaN(value)) {
        assertThat(Half.of(value)).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void valuesBetweenTwoHalvesGoToTheNearerOrTheEvenOne() {
    assertThat(Half.toFloat(Half.of(1 + 0x1p-11f))).isEqualTo(1f);
    assertThat(Half.toFloat(Half.of(1 + 0x1.8p-10f))).isEqualTo(1 + 0x1p-9f);
    assertThat(Half.toFloat(Half.of(2047.9f))).isEqualTo(2048f);
    assertThat(Half.toFloat(Half.of(70000f))).isInfinite();
    assertThat(Half.toFloat(Half.of(0x1p-25f))).isZero();
  }
}
