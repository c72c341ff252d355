package io.diptych.engine.weights;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes safetensors. The same tensors and metadata always give the same bytes: wider types come
 * first, then names in order, as in the reference writer.
 */
public final class SafetensorsWriter {

  /** Elements then start on a cache line of a mapped file. */
  private static final int HEADER_ALIGNMENT = 64;

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final SortedMap<String, String> metadata = new TreeMap<>();
  private final SortedMap<String, Tensor> tensors = new TreeMap<>();

  private record Tensor(String name, TensorSpec spec, ByteBuffer bytes) {}

  /** Adds a line of free text to the header. */
  public SafetensorsWriter metadata(String key, String value) {
    metadata.put(key, value);
    return this;
  }

  /** Adds a tensor in the type it has; its elements are copied. */
  public SafetensorsWriter put(String name, NDArray tensor) {
    return put(name, TensorType.of(tensor.getDataType()), tensor.getShape(), tensor.toByteBuffer());
  }

  /** Adds an F32 tensor. */
  public SafetensorsWriter put(String name, float[] values, long... shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return put(name, TensorType.F32, new Shape(shape), bytes);
  }

  /** Adds an I64 tensor. */
  public SafetensorsWriter put(String name, long[] values, long... shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.length, Long.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values);
    return put(name, TensorType.I64, new Shape(shape), bytes);
  }

  private SafetensorsWriter put(String name, TensorType type, Shape shape, ByteBuffer bytes) {
    if (bytes.remaining() != Math.multiplyExact(shape.size(), type.bytes())) {
      throw new IllegalArgumentException(
          name + ": " + bytes.remaining() + " bytes do not fill " + type + " " + shape + ".");
    }
    if (tensors.putIfAbsent(name, new Tensor(name, new TensorSpec(type, shape), bytes)) != null) {
      throw new IllegalArgumentException("There are two tensors " + name + ".");
    }
    return this;
  }

  /** The whole file. */
  public byte[] toBytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      write(inFileOrder(), out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** Writes one file; it appears complete or not at all. */
  public void write(Path file) throws IOException {
    write(inFileOrder(), file);
  }

  /**
   * Writes files of bounded size: {@code NAME.safetensors}, or shards {@code
   * NAME-00001-of-0000N.safetensors} with an index {@code NAME.safetensors.index.json}.
   *
   * @param maximumFileBytes bound of one file
   * @return the files with tensors, without the index
   * @throws IllegalArgumentException when one tensor alone is too large
   */
  public List<Path> write(Path directory, String name, long maximumFileBytes) throws IOException {
    List<List<Tensor>> shards = new ArrayList<>();
    for (Tensor tensor : inFileOrder()) {
      List<Tensor> last = shards.isEmpty() ? new ArrayList<>() : shards.get(shards.size() - 1);
      List<Tensor> longer = new ArrayList<>(last);
      longer.add(tensor);
      if (shards.isEmpty() || size(longer) > maximumFileBytes) {
        if (size(List.of(tensor)) > maximumFileBytes) {
          throw new IllegalArgumentException(
              tensor.name + " does not fit into a file of " + maximumFileBytes + " bytes.");
        }
        shards.add(new ArrayList<>(List.of(tensor)));
      } else {
        last.add(tensor);
      }
    }
    if (shards.size() == 1) {
      Path file = directory.resolve(name + ".safetensors");
      write(shards.get(0), file);
      return List.of(file);
    }
    List<Path> files = new ArrayList<>();
    ObjectNode weightMap = JSON.createObjectNode();
    SortedMap<String, String> fileOfTensor = new TreeMap<>();
    long total = 0;
    for (int i = 0; i < shards.size(); i++) {
      String shard =
          String.format(Locale.ROOT, "%s-%05d-of-%05d.safetensors", name, i + 1, shards.size());
      write(shards.get(i), directory.resolve(shard));
      files.add(directory.resolve(shard));
      for (Tensor tensor : shards.get(i)) {
        fileOfTensor.put(tensor.name, shard);
        total += tensor.bytes.remaining();
      }
    }
    fileOfTensor.forEach(weightMap::put);
    ObjectNode index = JSON.createObjectNode();
    index.putObject("metadata").put("total_size", total);
    index.set("weight_map", weightMap);
    byte[] text = JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(index);
    atomically(directory.resolve(name + ".safetensors.index.json"), out -> out.write(text));
    return files;
  }

  private List<Tensor> inFileOrder() {
    List<Tensor> ordered = new ArrayList<>(tensors.values());
    ordered.sort(
        Comparator.comparingInt((Tensor t) -> -t.spec.type().bytes()).thenComparing(Tensor::name));
    return ordered;
  }

  private long size(List<Tensor> shard) {
    return Long.BYTES
        + header(shard).length
        + shard.stream().mapToLong(tensor -> tensor.bytes.remaining()).sum();
  }

  private byte[] header(List<Tensor> shard) {
    ObjectNode header = JSON.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode lines = header.putObject("__metadata__");
      metadata.forEach(lines::put);
    }
    long offset = 0;
    for (Tensor tensor : shard) {
      ObjectNode entry = header.putObject(tensor.name);
      entry.put("dtype", tensor.spec.type().name());
      var shape = entry.putArray("shape");
      for (long dimension : tensor.spec.shape().getShape()) {
        shape.add(dimension);
      }
      entry.putArray("data_offsets").add(offset).add(offset += tensor.bytes.remaining());
    }
    StringBuilder text = new StringBuilder(JSON.writeValueAsString(header));
    int length = Long.BYTES + text.toString().getBytes(StandardCharsets.UTF_8).length;
    text.append(" ".repeat(Math.floorMod(-length, HEADER_ALIGNMENT)));
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private void write(List<Tensor> shard, Path file) throws IOException {
    atomically(file, out -> write(shard, out));
  }

  private void write(List<Tensor> shard, OutputStream out) throws IOException {
    byte[] header = header(shard);
    out.write(
        ByteBuffer.allocate(Long.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(header.length)
            .array());
    out.write(header);
    var channel = Channels.newChannel(out);
    for (Tensor tensor : shard) {
      ByteBuffer bytes = tensor.bytes.duplicate();
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  private interface Body {
    void write(OutputStream out) throws IOException;
  }

  private static void atomically(Path file, Body body) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    // Not a temporary file: those can be read by their owner alone.
    Path unfinished = file.resolveSibling(file.getFileName() + ".part");
    try {
      try (OutputStream out = Files.newOutputStream(unfinished)) {
        body.write(out);
      }
      try (FileChannel written = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
        written.force(true); // The name must not outlive a power cut that the bytes do not.
      }
      Files.move(
          unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }
}
