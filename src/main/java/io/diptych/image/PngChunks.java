package io.diptych.image;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/** Writes a PNG chunk by chunk. */
final class PngChunks {

  static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A};

  private final ByteArrayOutputStream out;

  PngChunks(int expectedBytes) {
    out = new ByteArrayOutputStream(expectedBytes);
    out.writeBytes(SIGNATURE);
  }

  void write(String type, byte[] data) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(data);
    writeInt(data.length);
    out.writeBytes(name);
    out.writeBytes(data);
    writeInt((int) crc.getValue());
  }

  byte[] toByteArray() {
    return out.toByteArray();
  }

  private void writeInt(int value) {
    out.write(value >>> 24);
    out.write(value >>> 16);
    out.write(value >>> 8);
    out.write(value);
  }
}
