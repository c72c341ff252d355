package io.diptych.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.EngineException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class OnnxFileTest {

  private static final byte[] PRODUCT =
      message(
          text(1, "x"), text(1, "onnx::MatMul_1"), text(2, "xw"), text(3, "n"), text(4, "MatMul"));
  private static final byte[] SUM =
      message(text(1, "dense.bias"), text(1, "xw"), text(2, "y"), text(4, "Add"));

  @Test
  void anAnonymousFactorIsNamedByItsBiasAndTransposedBack() {
    byte[] graph =
        message(
            bytes(1, PRODUCT),
            bytes(1, SUM),
            bytes(5, tensor("onnx::MatMul_1", 1, floats(1, 2, 3, 4, 5, 6), 3, 2)),
            bytes(5, tensor("dense.bias", 1, floats(7, 8), 2)),
            bytes(5, tensor("table", 10, new byte[] {0, 0x3E}, 1, 1)));
    try (NDManager manager = NDManager.newBaseManager();
        OnnxFile file = read(message(number(1, 6), bytes(7, graph)))) {
      assertThat(file.tensors()).containsOnlyKeys("dense.weight", "dense.bias", "table");
      assertThat(file.tensors().get("dense.weight"))
          .isEqualTo(new TensorSpec(TensorType.F32, new Shape(2, 3)));
      assertThat(file.load("dense.weight", manager).toFloatArray())
          .containsExactly(1, 3, 5, 2, 4, 6);
      assertThat(file.load("dense.bias", manager).toFloatArray()).containsExactly(7, 8);
      assertThat(file.load("table", manager, DataType.FLOAT32).toFloatArray())
          .containsExactly(1.5f);
    }
  }

  @Test
  void dimensionsMayBePacked() {
    byte[] packed =
        message(bytes(1, new byte[] {2, 1}), number(2, 1), text(8, "a"), bytes(9, floats(1, 2)));
    OnnxFile file = read(message(bytes(7, message(bytes(5, packed)))));
    assertThat(file.tensors().get("a").shape()).isEqualTo(new Shape(2, 1));
  }

  @Test
  void aQuantisedFileIsRefused() {
    byte[] node = message(text(1, "a"), text(4, "MatMulInteger"));
    assertRefused(message(bytes(7, message(bytes(1, node)))), "is quantised (MatMulInteger)");
  }

  @Test
  void weightsInAnotherFileAreRefused() {
    byte[] external = message(number(1, 2), number(2, 1), text(8, "a"), number(14, 1));
    assertRefused(
        message(bytes(7, message(bytes(5, external)))), "keeps its weights in another file");
  }

  @Test
  void aTensorWithoutTheSizeOfItsShapeIsRefused() {
    byte[] tensor = tensor("a", 1, floats(1, 2), 3);
    assertRefused(message(bytes(7, message(bytes(5, tensor)))), "a does not have the size");
  }

  @Test
  void aTruncatedOrForeignFileIsRefused() {
    byte[] whole = message(bytes(7, message(bytes(5, tensor("a", 1, floats(1, 2), 2)))));
    for (int length = 0; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> read(part)).isInstanceOf(EngineException.class);
    }
    assertRefused(
        "PK\u0003\u0004 something".getBytes(StandardCharsets.UTF_8), "is not an ONNX file");
  }

  private static void assertRefused(byte[] file, String message) {
    assertThatThrownBy(() -> read(file))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.MODEL_UNAVAILABLE))
        .hasMessageStartingWith("sample ")
        .hasMessageContaining(message);
  }

  private static OnnxFile read(byte[] file) {
    return OnnxFile.read(ByteBuffer.allocateDirect(file.length).put(file).flip(), "sample");
  }

  private static byte[] tensor(String name, int type, byte[] elements, int... shape) {
    ByteArrayOutputStream dimensions = new ByteArrayOutputStream();
    for (int size : shape) {
      dimensions.writeBytes(number(1, size));
    }
    return message(dimensions.toByteArray(), number(2, type), text(8, name), bytes(9, elements));
  }

  private static byte[] floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  private static byte[] message(byte[]... fields) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] field : fields) {
      out.writeBytes(field);
    }
    return out.toByteArray();
  }

  private static byte[] number(int field, int value) {
    return new byte[] {(byte) (field << 3), (byte) value};
  }

  private static byte[] text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] bytes(int field, byte[] value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(field << 3 | 2);
    int length = value.length;
    for (; length > 127; length >>>= 7) {
      out.write(length & 127 | 128);
    }
    out.write(length);
    out.writeBytes(value);
    return out.toByteArray();
  }
}
