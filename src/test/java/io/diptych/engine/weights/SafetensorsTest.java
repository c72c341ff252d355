package io.diptych.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.EngineException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {

  @TempDir Path folder;

  @Test
  void everyTypeIsReadAndRealNumbersAreCast() {
    byte[] data =
        ByteBuffer.allocate(64)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putDouble(1.5)
            .putLong(1L << 40)
            .putFloat(-2.25f)
            .putInt(-7)
            .putShort((short) 0x3E00) // 1.5 in F16
            .putShort((short) 0x3FC0) // 1.5 in BF16
            .put((byte) 200)
            .put((byte) -3)
            .put((byte) 1)
            .array();
    byte[] file =
        file(
            """
            {"__metadata__":{"format":"pt"},
             "f64":{"dtype":"F64","shape":[],"data_offsets":[0,8]},
             "i64":{"dtype":"I64","shape":[1],"data_offsets":[8,16]},
             "f32":{"dtype":"F32","shape":[1,1],"data_offsets":[16,20]},
             "i32":{"dtype":"I32","shape":[1],"data_offsets":[20,24]},
             "f16":{"dtype":"F16","shape":[1],"data_offsets":[24,26]},
             "bf16":{"dtype":"BF16","shape":[1],"data_offsets":[26,28]},
             "u8":{"dtype":"U8","shape":[1],"data_offsets":[28,29]},
             "i8":{"dtype":"I8","shape":[1],"data_offsets":[29,30]},
             "bool":{"dtype":"BOOL","shape":[1],"data_offsets":[30,31]},
             "none":{"dtype":"F32","shape":[0,4],"data_offsets":[31,31]}}
            """,
            Arrays.copyOf(data, 31));
    try (NDManager manager = NDManager.newBaseManager();
        Safetensors tensors = Safetensors.read(file, "sample")) {
      assertThat(tensors.metadata()).containsEntry("format", "pt");
      for (String name : List.of("f64", "f16", "bf16")) {
        assertThat(tensors.load(name, manager, DataType.FLOAT32).toFloatArray())
            .containsExactly(1.5f);
      }
      assertThat(tensors.load("f32", manager).toFloatArray()).containsExactly(-2.25f);
      assertThat(tensors.load("f32", manager).getShape()).isEqualTo(new Shape(1, 1));
      assertThat(tensors.load("bf16", manager).getDataType()).isEqualTo(DataType.FLOAT32);
      assertThat(tensors.load("f32", manager, DataType.FLOAT16).getDataType())
          .isEqualTo(DataType.FLOAT16);
      assertThat(tensors.load("i64", manager, DataType.FLOAT32).toLongArray())
          .containsExactly(1L << 40);
      assertThat(tensors.load("i32", manager).toIntArray()).containsExactly(-7);
      assertThat(tensors.load("u8", manager).toUint8Array()).containsExactly(200);
      assertThat(tensors.load("i8", manager).toByteArray()).containsExactly(-3);
      assertThat(tensors.load("bool", manager).toBooleanArray()).containsExactly(true);
      assertThat(tensors.load("none", manager, DataType.FLOAT32).getShape())
          .isEqualTo(new Shape(0, 4));
    }
  }

  @Test
  void aMappedTensorOutlivesTheOpenFile() throws IOException {
    Path file = folder.resolve("model.safetensors");
    new SafetensorsWriter().put("x", new float[] {1, 2, 3}, 3).write(file);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray x;
      try (Safetensors tensors = Safetensors.open(file)) {
        x = tensors.load("x", manager, DataType.FLOAT32);
      }
      Files.delete(file);
      assertThat(x.toFloatArray()).containsExactly(1, 2, 3);
    }
  }

  @Test
  void aWrittenFileMayBeReadByWhoeverMayReadOtherNewFiles() throws IOException {
    assumeThat(folder.getFileSystem().supportedFileAttributeViews()).contains("posix");
    Path other = Files.createFile(folder.resolve("other"));
    twoTensors().write(folder.resolve("model.safetensors"));
    twoTensors().write(folder, "shards", 256);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files)
          .hasSize(5)
          .allSatisfy(
              file ->
                  assertThat(Files.getPosixFilePermissions(file))
                      .isEqualTo(Files.getPosixFilePermissions(other)))
          .noneMatch(file -> file.toString().endsWith(".part"));
    }
  }

  @Test
  void tensorsBeyondTwoGibibytesAreReached() throws IOException {
    long bytes = 3L << 30;
    Path file = folder.resolve("large.safetensors");
    String header =
        """
        {"a":{"dtype":"U8","shape":[2147483647],"data_offsets":[0,2147483647]},
         "pad":{"dtype":"U8","shape":[1073741821],"data_offsets":[2147483647,3221225468]},
         "end":{"dtype":"F32","shape":[1],"data_offsets":[3221225468,3221225472]}}""";
    byte[] start = file(header, new byte[0]);
    try (var out = new java.io.RandomAccessFile(file.toFile(), "rw")) { // a sparse file
      out.write(start);
      out.seek(start.length + bytes - 4);
      out.write(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(42).array());
    }
    try (NDManager manager = NDManager.newBaseManager();
        Safetensors tensors = Safetensors.open(file)) {
      assertThat(tensors.load("end", manager).toFloatArray()).containsExactly(42);
    }
  }

  @Test
  void aPickleIsRefusedUnread() throws IOException {
    ByteArrayOutputStream zip = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(zip)) {
      out.putNextEntry(new ZipEntry("archive/data.pkl"));
      out.write(new byte[] {(byte) 0x80, 2, '.'});
    }
    byte[] bare = {(byte) 0x80, 2, 'c', 'o', 's', '\n', 's', 'y', 's', 't', 'e', 'm', '\n', '.'};
    for (byte[] pickle : List.of(zip.toByteArray(), bare)) {
      Path file = Files.write(folder.resolve("vae_ch160v4096z32.pth"), pickle);
      assertThatThrownBy(() -> Safetensors.open(file))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("vae_ch160v4096z32.pth is a Python pickle")
          .hasMessageContaining("convert the file to safetensors");
    }
  }

  @Test
  void aGitLfsPointerIsRecognised() {
    assertRefused(
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\n"
            .getBytes(StandardCharsets.UTF_8),
        "Git LFS pointer");
  }

  @Test
  void somethingElseIsNoSafetensorsFile() {
    assertRefused(new byte[0], "is not a safetensors file");
    assertRefused("hello, world".getBytes(StandardCharsets.UTF_8), "is not a safetensors file");
  }

  @Test
  void aMissingFileIsNamed() {
    assertThatThrownBy(() -> Safetensors.open(folder.resolve("none.safetensors")))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("There is no file")
        .hasMessageContaining("none.safetensors");
  }

  @Test
  void aFileTruncatedAnywhereIsRefused() {
    byte[] whole =
        new SafetensorsWriter()
            .put("a", new float[] {1, 2}, 2)
            .put("b", new long[] {3}, 1)
            .toBytes();
    for (int length = 0; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> Safetensors.read(part, "part")).isInstanceOf(EngineException.class);
    }
    assertRefused(Arrays.copyOf(whole, 40), "is truncated inside its header");
    assertRefused(Arrays.copyOf(whole, whole.length - 1), "which is truncated");
  }

  @Test
  void bytesAfterTheLastTensorAreRefused() {
    byte[] whole = new SafetensorsWriter().put("a", new float[] {1, 2}, 2).toBytes();
    assertRefused(Arrays.copyOf(whole, whole.length + 3), "3 bytes at its end");
  }

  @Test
  void aHeaderThatLiesIsRefused() {
    assertHeaderRefused("{\"a\":", "not valid JSON");
    assertHeaderRefused(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
            + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
        "not valid JSON: Duplicate");
    assertHeaderRefused(
        "{\"a\":{\"dtype\":\"F4\",\"shape\":[2],\"data_offsets\":[0,8]}}", "unknown type 'F4'");
    assertHeaderRefused(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
        "takes 12 bytes by type and shape but 8 by its offsets");
    assertHeaderRefused(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", "no proper shape");
    assertHeaderRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "no proper shape");
    assertHeaderRefused("{\"a\":7}", "unknown type ''");
    assertHeaderRefused(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}",
        "larger than any file");
    assertHeaderRefused(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "by its offsets");
    assertHeaderRefused(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "tensor b overlaps");
    assertHeaderRefused(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
        "tensor a follows a gap");
  }

  @Test
  void allThatIsWrongIsListedUpToABound() {
    StringBuilder header = new StringBuilder("{");
    for (int i = 10; i < 40; i++) {
      header.append(i > 10 ? "," : "").append("\"t" + i + "\":{\"dtype\":\"Q\"}");
    }
    assertHeaderRefused(header + "}", "tensor t10 has");
    assertHeaderRefused(header + "}", "and 18 more.");
  }

  @Test
  void shardsAreReadThroughTheirIndex() throws IOException {
    List<Path> shards = twoTensors().write(folder, "model", 256);
    assertThat(shards).hasSize(2);
    try (NDManager manager = NDManager.newBaseManager();
        Safetensors tensors = Safetensors.open(folder.resolve("model.safetensors.index.json"))) {
      assertThat(tensors.tensors()).containsOnlyKeys("a", "b");
      assertThat(tensors.load("b", manager).toLongArray()).hasSize(16).contains(3);
    }
  }

  @Test
  void aMissingShardIsNamed() throws IOException {
    List<Path> shards = twoTensors().write(folder, "model", 256);
    Files.delete(shards.get(1));
    assertThatThrownBy(() -> Safetensors.open(folder.resolve("model.safetensors.index.json")))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("model-00002-of-00002.safetensors is missing");
  }

  @Test
  void anIndexThatDisagreesWithItsShardsIsRefused() throws IOException {
    twoTensors().write(folder, "model", 256);
    Path index = folder.resolve("model.safetensors.index.json");
    Files.writeString(index, Files.readString(index).replace("\"a\"", "\"c\""));
    assertThatThrownBy(() -> Safetensors.open(index))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("no shard has the tensor c")
        .hasMessageContaining("the index does not know the tensor a");
  }

  @Test
  void anIndexCannotPointOutsideItsFolder() throws IOException {
    Path index = folder.resolve("model.safetensors.index.json");
    Files.writeString(index, "{\"weight_map\":{\"a\":\"../../etc/passwd\"}}");
    assertThatThrownBy(() -> Safetensors.open(index))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("is not the name of a file beside the index");
  }

  @Test
  void aTensorInTwoFilesIsRefused() throws IOException {
    Path one = folder.resolve("one.safetensors");
    Path two = folder.resolve("two.safetensors");
    twoTensors().write(one);
    twoTensors().write(two);
    assertThatThrownBy(() -> Safetensors.open(List.of(one, two)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("tensor a of")
        .hasMessageContaining("is in another file as well");
  }

  @Test
  void theSameTensorsGiveTheSameBytesInAnyOrder() {
    byte[] forward = twoTensors().metadata("k", "v").metadata("a", "b").toBytes();
    byte[] backward =
        new SafetensorsWriter()
            .metadata("a", "b")
            .metadata("k", "v")
            .put("b", longs(), 16)
            .put("a", new float[32], 4, 8)
            .toBytes();
    assertThat(forward).isEqualTo(backward);
  }

  @Test
  void aTensorTooLargeForAFileIsRefusedBeforeAnythingIsWritten() {
    assertThatThrownBy(() -> twoTensors().write(folder, "model", 100))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("does not fit into a file of 100 bytes");
    assertThat(folder).isEmptyDirectory();
  }

  private static SafetensorsWriter twoTensors() {
    return new SafetensorsWriter().put("a", new float[32], 4, 8).put("b", longs(), 16);
  }

  private static long[] longs() {
    long[] values = new long[16];
    values[5] = 3;
    return values;
  }

  private static void assertHeaderRefused(String header, String message) {
    assertRefused(file(header, new byte[8]), message);
  }

  private static void assertRefused(byte[] file, String message) {
    assertThatThrownBy(() -> Safetensors.read(file, "sample"))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.MODEL_UNAVAILABLE))
        .hasMessageStartingWith("sample ")
        .hasMessageContaining(message);
  }

  private static byte[] file(String header, byte[] data) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + text.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(text.length)
        .put(text)
        .put(data)
        .array();
  }
}
