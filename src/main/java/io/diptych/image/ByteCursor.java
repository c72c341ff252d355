package io.diptych.image;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Reads numbers from bytes that may be cut off anywhere; running past the end is a refusal. */
final class ByteCursor {

  private final byte[] bytes;
  private final int end;
  private int position;

  ByteCursor(byte[] bytes) {
    this(bytes, 0, bytes.length);
  }

  ByteCursor(byte[] bytes, int start, int end) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  int position() {
    return position;
  }

  int remaining() {
    return end - position;
  }

  void skip(long count) {
    need(count);
    position += (int) count;
  }

  int u8() {
    need(1);
    return bytes[position++] & 0xff;
  }

  int u16() {
    return u8() << 8 | u8();
  }

  long u32() {
    return (long) u16() << 16 | u16();
  }

  int u16le() {
    return u8() | u8() << 8;
  }

  int u24le() {
    return u16le() | u8() << 16;
  }

  long u32le() {
    return u16le() | (long) u16le() << 16;
  }

  byte[] take(long count) {
    need(count);
    byte[] taken = Arrays.copyOfRange(bytes, position, position + (int) count);
    position += (int) count;
    return taken;
  }

  String ascii(int count) {
    return new String(take(count), StandardCharsets.ISO_8859_1);
  }

  private void need(long count) {
    if (count < 0 || count > remaining()) {
      throw ImageRefusedException.damaged("it ends too early");
    }
  }
}
