package io.diptych.engine.program;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A TorchScript archive made in memory: the text of one class {@code Ops} and the values of the
 * attributes it declares. {@code tools/program.py} writes the same archive for plain PyTorch.
 */
final class ProgramArchive {

  private static final Pattern ATTRIBUTE = Pattern.compile("^  (\\w+) : ", Pattern.MULTILINE);
  private static final Pattern METHOD = Pattern.compile("^  def (\\w+)\\(", Pattern.MULTILINE);
  private static final byte[] EMPTY_TUPLE = {(byte) 0x80, 2, ')', '.'};

  /** With an older format version some operators have other signatures. */
  private static final String FORMAT_VERSION = "10\n";

  private ProgramArchive() {}

  static List<String> methods(String source) {
    return names(METHOD, source);
  }

  /**
   * Packs a program.
   *
   * @param source text of the class {@code Ops}
   * @param attributes a value for each attribute declared in the text: Boolean, Integer, Double, or
   *     a List of Integer or Double; surplus entries are ignored
   * @throws IllegalArgumentException when a declared attribute has no value
   */
  static InputStream pack(String source, Map<String, ?> attributes) {
    ByteArrayOutputStream pickle = new ByteArrayOutputStream();
    bytes(pickle, 0x80, 2);
    ascii(pickle, "c__torch__\nOps\n)");
    bytes(pickle, 0x81);
    ascii(pickle, "}(");
    for (String attribute : names(ATTRIBUTE, source)) {
      Object value = attribute.equals("training") ? Boolean.FALSE : attributes.get(attribute);
      if (value == null) {
        throw new IllegalArgumentException("The attribute '" + attribute + "' has no value.");
      }
      unicode(pickle, attribute);
      value(pickle, value);
    }
    ascii(pickle, "ub.");
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(archive)) {
      store(zip, "program/data.pkl", pickle.toByteArray());
      store(zip, "program/code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
      store(zip, "program/constants.pkl", EMPTY_TUPLE);
      store(zip, "program/version", FORMAT_VERSION.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new ByteArrayInputStream(archive.toByteArray());
  }

  private static List<String> names(Pattern pattern, String source) {
    List<String> names = new ArrayList<>();
    for (Matcher m = pattern.matcher(source); m.find(); ) {
      names.add(m.group(1));
    }
    return names;
  }

  private static void value(ByteArrayOutputStream out, Object value) {
    if (value instanceof Boolean flag) {
      bytes(out, flag ? 0x88 : 0x89);
    } else if (value instanceof Integer number) {
      out.write('J');
      out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(number).array());
    } else if (value instanceof Double number) {
      out.write('G');
      out.writeBytes(ByteBuffer.allocate(8).putDouble(number).array());
    } else if (value instanceof List<?> list) {
      boolean integers = list.stream().allMatch(Integer.class::isInstance);
      ascii(out, "ctorch.jit._pickle\nbuild_" + (integers ? "intlist" : "doublelist") + "\n](");
      list.forEach(element -> value(out, element));
      ascii(out, "e");
      bytes(out, 0x85);
      ascii(out, "R");
    } else {
      throw new IllegalArgumentException("No attribute can be a " + value.getClass());
    }
  }

  private static void unicode(ByteArrayOutputStream out, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    out.write('X');
    out.writeBytes(
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(utf8.length).array());
    out.writeBytes(utf8);
  }

  private static void ascii(ByteArrayOutputStream out, String text) {
    out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static void bytes(ByteArrayOutputStream out, int... values) {
    for (int value : values) {
      out.write(value);
    }
  }

  /** LibTorch maps entries as they lie, so they are stored uncompressed. */
  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
