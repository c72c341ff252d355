package io.diptych.image;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The first directory of a TIFF structure, as EXIF and the multi-picture format (CIPA DC-007) embed
 * it. Only what decides about orientation and page count is read; a broken structure reads as an
 * empty one, since its picture is still good.
 */
final class TiffDirectory {

  private static final int SHORT = 3;
  private static final int LONG = 4;
  private static final int UNDEFINED = 7;

  private record Entry(int type, long count, int valueOffset) {}

  private final ByteBuffer tiff;
  private final Map<Integer, Entry> entries = new HashMap<>();

  private TiffDirectory(ByteBuffer tiff) {
    this.tiff = tiff;
  }

  static TiffDirectory read(byte[] bytes) {
    TiffDirectory directory = new TiffDirectory(ByteBuffer.wrap(bytes));
    try {
      directory.readEntries();
    } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
      directory.entries.clear();
    }
    return directory;
  }

  private void readEntries() {
    tiff.order(tiff.getShort() == 0x4949 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    if (tiff.getShort() != 42) {
      return;
    }
    tiff.position(tiff.getInt());
    int count = Short.toUnsignedInt(tiff.getShort());
    for (int i = 0; i < count; i++) {
      int tag = Short.toUnsignedInt(tiff.getShort());
      int type = tiff.getShort();
      long values = Integer.toUnsignedLong(tiff.getInt());
      entries.putIfAbsent(tag, new Entry(type, values, tiff.position()));
      tiff.getInt();
    }
  }

  ByteOrder order() {
    return tiff.order();
  }

  /** The value of a tag that holds exactly one short or long. */
  OptionalInt number(int tag) {
    Entry entry = entries.get(tag);
    if (entry == null || entry.count != 1) {
      return OptionalInt.empty();
    }
    return switch (entry.type) {
      case SHORT -> OptionalInt.of(Short.toUnsignedInt(tiff.getShort(entry.valueOffset)));
      case LONG -> OptionalInt.of(tiff.getInt(entry.valueOffset));
      default -> OptionalInt.empty();
    };
  }

  /** The bytes of an undefined-type tag; empty when absent or out of bounds. */
  byte[] bytes(int tag) {
    Entry entry = entries.get(tag);
    if (entry == null || entry.type != UNDEFINED || entry.count <= 4) {
      return new byte[0];
    }
    long start = Integer.toUnsignedLong(tiff.getInt(entry.valueOffset));
    if (start + entry.count > tiff.capacity()) {
      return new byte[0];
    }
    return Arrays.copyOfRange(tiff.array(), (int) start, (int) (start + entry.count));
  }
}
