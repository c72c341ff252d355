package io.diptych.pretrain;

/** Half-precision numbers (IEEE 754 binary16), which Java 17 does not know. */
final class Half {

  private Half() {}

  /** Rounds to the nearest half, ties to even. */
  static short of(float value) {
    int bits = Float.floatToIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return (short) (sign | 0x7e00);
    }
    if (magnitude >= 65520f) {
      return (short) (sign | 0x7c00);
    }
    if (magnitude < 0x1p-14f) {
      return (short) (sign | (int) Math.rint(magnitude * 0x1p24f)); // subnormal: units of 2^-24
    }
    int exponent = Math.getExponent(magnitude);
    int significand = (int) Math.rint(magnitude * Math.scalb(1.0, 10 - exponent)); // 1024..2048
    return (short) (sign | (exponent + 14 << 10) + significand); // a carry raises the exponent
  }

  static float toFloat(short half) {
    int exponent = half >>> 10 & 31;
    int fraction = half & 1023;
    float magnitude;
    if (exponent == 0) {
      magnitude = fraction * 0x1p-24f;
    } else if (exponent == 31) {
      magnitude = fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
    } else {
      magnitude = Math.scalb(1024f + fraction, exponent - 25);
    }
    return half < 0 ? -magnitude : magnitude;
  }
}
