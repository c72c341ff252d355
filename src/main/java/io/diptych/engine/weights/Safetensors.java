package io.diptych.engine.weights;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.EngineException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Tensors of one safetensors file, or of several that together hold one model. Headers are checked
 * on opening; elements stay in the file, memory-mapped, until a tensor is loaded.
 *
 * <p>Arrays loaded on the CPU without a cast are views of the mapping: read-only, without a copy,
 * and valid after this object is closed. A mapped file must not be truncated in place while a model
 * uses it; replacing it by renaming is safe.
 *
 * <p>Files that are Python pickles are refused: reading one runs whatever code it contains.
 */
public final class Safetensors implements TensorFile {

  private static final int LENGTH_BYTES = 8;

  /** As in the reference reader: more than any model needs, less than an attack wants. */
  private static final long MAXIMUM_HEADER_BYTES = 100_000_000;

  private static final String INDEX_SUFFIX = ".index.json";
  private static final String METADATA = "__metadata__";

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final String name;
  private final List<Content> contents;
  private final SortedMap<String, Entry> entries;
  private final Map<String, String> metadata;

  private Safetensors(
      String name,
      List<Content> contents,
      SortedMap<String, Entry> entries,
      Map<String, String> metadata) {
    this.name = name;
    this.contents = contents;
    this.entries = entries;
    this.metadata = metadata;
  }

  /** Where a tensor's elements are. */
  private record Entry(TensorSpec spec, Content content, long offset, long length) {}

  /**
   * Opens a file, or all shards that an index ({@code *.safetensors.index.json}) names.
   *
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} when a file is missing, truncated,
   *     damaged or of another format
   */
  public static Safetensors open(Path file) {
    if (file.getFileName().toString().endsWith(INDEX_SUFFIX)) {
      return openIndex(file);
    }
    return open(List.of(file));
  }

  /** Opens files that together hold one model; no tensor may be in two of them. */
  public static Safetensors open(List<Path> files) {
    List<Safetensors> parts = new ArrayList<>();
    try {
      for (Path file : files) {
        parts.add(openOne(file));
      }
      return merge(parts);
    } catch (RuntimeException e) {
      parts.forEach(Safetensors::close);
      throw e;
    }
  }

  /**
   * Reads a file that is in memory.
   *
   * @param bytes the whole file; copied
   * @param name what to call it in errors
   */
  public static Safetensors read(byte[] bytes, String name) {
    return read(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip(), name);
  }

  /** Reads a file that is in a direct buffer, without a copy. */
  static Safetensors read(ByteBuffer direct, String name) {
    return parse(name, new Content.InMemory(direct));
  }

  /** One set of tensors out of several files. */
  static Safetensors merge(List<Safetensors> parts) {
    if (parts.size() == 1) {
      return parts.get(0);
    }
    List<Content> contents = new ArrayList<>();
    SortedMap<String, Entry> entries = new TreeMap<>();
    SortedMap<String, String> metadata = new TreeMap<>();
    List<String> names = new ArrayList<>();
    Problems problems = new Problems();
    for (Safetensors part : parts) {
      names.add(part.name);
      contents.addAll(part.contents);
      part.metadata.forEach(metadata::putIfAbsent);
      part.entries.forEach(
          (tensor, entry) -> {
            if (entries.putIfAbsent(tensor, entry) != null) {
              problems.add("tensor " + tensor + " of " + part.name + " is in another file as well");
            }
          });
    }
    String name = String.join(", ", names);
    problems.throwIfAny("These files do not make one model:");
    return new Safetensors(name, contents, entries, metadata);
  }

  @Override
  public String name() {
    return name;
  }

  /** Free text that the writer put into the header. */
  public Map<String, String> metadata() {
    return metadata;
  }

  @Override
  public SortedMap<String, TensorSpec> tensors() {
    SortedMap<String, TensorSpec> specs = new TreeMap<>();
    entries.forEach((tensor, entry) -> specs.put(tensor, entry.spec));
    return Collections.unmodifiableSortedMap(specs);
  }

  @Override
  public NDArray load(String tensor, NDManager manager) {
    return load(tensor, manager, StoredTensor.loadedType(entry(tensor).spec.type()));
  }

  @Override
  public NDArray load(String tensor, NDManager manager, DataType floats) {
    Entry entry = entry(tensor);
    return StoredTensor.load(entry.spec, bytes(tensor, entry), manager, floats);
  }

  /** The elements of an F32 tensor in row-major order. */
  public float[] floats(String tensor) {
    Entry entry = entry(tensor);
    if (entry.spec.type() != TensorType.F32) {
      throw new EngineException(
          EngineException.Kind.MODEL_UNAVAILABLE,
          "The tensor " + tensor + " of " + name + " is " + entry.spec.type() + ", not F32.");
    }
    float[] values = new float[Math.toIntExact(entry.spec.shape().size())];
    bytes(tensor, entry).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  @Override
  public void close() {
    contents.forEach(Content::close);
  }

  private Entry entry(String tensor) {
    Entry entry = entries.get(tensor);
    if (entry == null) {
      throw new EngineException(
          EngineException.Kind.MODEL_UNAVAILABLE, name + " has no tensor " + tensor + ".");
    }
    return entry;
  }

  private ByteBuffer bytes(String tensor, Entry entry) {
    if (entry.length == 0) {
      return ByteBuffer.allocateDirect(0);
    }
    if (entry.length > Integer.MAX_VALUE) {
      throw new EngineException(
          EngineException.Kind.MODEL_UNAVAILABLE,
          "The tensor " + tensor + " of " + name + " is larger than 2 GiB; no model needs that.");
    }
    try {
      return entry.content.bytes(entry.offset, (int) entry.length);
    } catch (IOException e) {
      throw unreadable(name, e);
    }
  }

  private static Safetensors openOne(Path file) {
    Content content;
    try {
      content = new Content.Mapped(FileChannel.open(file, StandardOpenOption.READ));
    } catch (NoSuchFileException e) {
      throw new EngineException(
          EngineException.Kind.MODEL_UNAVAILABLE, "There is no file " + file + ".", e);
    } catch (IOException e) {
      throw unreadable(file.toString(), e);
    }
    try {
      return parse(file.toString(), content);
    } catch (RuntimeException e) {
      content.close();
      throw e;
    }
  }

  private static Safetensors openIndex(Path index) {
    Map<String, String> fileOfTensor = new TreeMap<>();
    try {
      JsonNode map = JSON.readTree(Files.readAllBytes(index)).path("weight_map");
      if (!map.isObject() || map.isEmpty()) {
        throw damaged(index.toString(), "has no weight_map");
      }
      for (Map.Entry<String, JsonNode> entry : map.properties()) {
        fileOfTensor.put(entry.getKey(), entry.getValue().asString(""));
      }
    } catch (NoSuchFileException e) {
      throw new EngineException(
          EngineException.Kind.MODEL_UNAVAILABLE, "There is no file " + index + ".", e);
    } catch (IOException e) {
      throw unreadable(index.toString(), e);
    } catch (JacksonException e) {
      throw damaged(index.toString(), "is not JSON: " + e.getOriginalMessage());
    }
    List<Path> shards = new ArrayList<>();
    Problems problems = new Problems();
    for (String shard : new TreeSet<>(fileOfTensor.values())) {
      Path file = index.resolveSibling(shard);
      if (shard.isEmpty() || !Path.of(shard).equals(Path.of(shard).getFileName())) {
        problems.add("'" + shard + "' is not the name of a file beside the index");
      } else if (!Files.isRegularFile(file)) {
        problems.add("the shard " + file + " is missing");
      }
      shards.add(file);
    }
    problems.throwIfAny("The model of " + index + " is not complete:");
    Safetensors all = open(shards);
    fileOfTensor.keySet().stream()
        .filter(tensor -> !all.entries.containsKey(tensor))
        .forEach(tensor -> problems.add("no shard has the tensor " + tensor));
    all.entries.keySet().stream()
        .filter(tensor -> !fileOfTensor.containsKey(tensor))
        .forEach(tensor -> problems.add("the index does not know the tensor " + tensor));
    if (!problems.isEmpty()) {
      all.close();
    }
    problems.throwIfAny("The index " + index + " and its shards disagree:");
    return all;
  }

  private static Safetensors parse(String name, Content content) {
    try {
      long size = content.size();
      ByteBuffer start =
          content.bytes(0, (int) Math.min(size, LENGTH_BYTES + 1)).order(ByteOrder.LITTLE_ENDIAN);
      long headerLength = size > LENGTH_BYTES ? start.getLong(0) : 0;
      if (size <= LENGTH_BYTES || start.get(LENGTH_BYTES) != '{') {
        throw damaged(name, otherFormat(content.bytes(0, (int) Math.min(size, 512))));
      }
      if (headerLength < 2 || headerLength > MAXIMUM_HEADER_BYTES) {
        throw damaged(name, "announces a header of " + headerLength + " bytes");
      }
      if (headerLength > size - LENGTH_BYTES) {
        throw damaged(
            name,
            "is truncated inside its header: " + size + " of more than " + headerLength + " bytes");
      }
      byte[] header = new byte[(int) headerLength];
      content.bytes(LENGTH_BYTES, header.length).get(header);
      long dataOffset = LENGTH_BYTES + headerLength;
      return parseHeader(name, content, JSON.readTree(header), dataOffset, size - dataOffset);
    } catch (JacksonException e) {
      throw damaged(name, "has a header that is not valid JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw unreadable(name, e);
    }
  }

  private static Safetensors parseHeader(
      String name, Content content, JsonNode header, long dataOffset, long dataLength) {
    SortedMap<String, Entry> entries = new TreeMap<>();
    SortedMap<String, String> metadata = new TreeMap<>();
    Problems problems = new Problems();
    for (Map.Entry<String, JsonNode> field : header.properties()) {
      if (field.getKey().equals(METADATA)) {
        field
            .getValue()
            .properties()
            .forEach(e -> metadata.put(e.getKey(), e.getValue().asString("")));
        continue;
      }
      try {
        entries.put(field.getKey(), entry(field.getValue(), content, dataOffset, dataLength));
      } catch (IllegalArgumentException e) {
        problems.add("tensor " + field.getKey() + " " + e.getMessage());
      }
    }
    problems.throwIfAny(name + " is not a valid safetensors file:");
    long end = dataOffset;
    List<Map.Entry<String, Entry>> byOffset = new ArrayList<>(entries.entrySet());
    byOffset.sort(
        (a, b) -> {
          int order = Long.compare(a.getValue().offset, b.getValue().offset);
          return order != 0 ? order : Long.compare(a.getValue().length, b.getValue().length);
        });
    for (Map.Entry<String, Entry> entry : byOffset) {
      long offset = entry.getValue().offset;
      if (offset != end) {
        problems.add(
            "tensor "
                + entry.getKey()
                + (offset < end ? " overlaps the one before it" : " follows a gap"));
      }
      end = Math.max(end, offset + entry.getValue().length);
    }
    if (end != dataOffset + dataLength) {
      problems.add((dataOffset + dataLength - end) + " bytes at its end belong to no tensor");
    }
    problems.throwIfAny(name + " is not a valid safetensors file:");
    return new Safetensors(name, List.of(content), entries, metadata);
  }

  /** One entry of the header, checked; the message of the exception completes "tensor X ...". */
  private static Entry entry(JsonNode json, Content content, long dataOffset, long dataLength) {
    String typeName = json.path("dtype").asString("");
    TensorType type = TensorType.named(typeName);
    if (type == null) {
      throw new IllegalArgumentException("has the unknown type '" + typeName + "'");
    }
    JsonNode dimensions = json.path("shape");
    JsonNode offsets = json.path("data_offsets");
    if (!isListOfNaturals(dimensions) || !isListOfNaturals(offsets) || offsets.size() != 2) {
      throw new IllegalArgumentException("has no proper shape and data_offsets");
    }
    long[] shape = new long[dimensions.size()];
    long bytes = type.bytes();
    for (int i = 0; i < shape.length; i++) {
      shape[i] = dimensions.get(i).asLong();
      try {
        bytes = Math.multiplyExact(bytes, shape[i]);
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException("is larger than any file: " + dimensions, e);
      }
    }
    long begin = offsets.get(0).asLong();
    long end = offsets.get(1).asLong();
    if (end < begin || end - begin != bytes) {
      throw new IllegalArgumentException(
          "takes " + bytes + " bytes by type and shape but " + (end - begin) + " by its offsets");
    }
    if (end > dataLength) {
      throw new IllegalArgumentException(
          "lies beyond the end of the file, which is truncated: it needs "
              + (dataOffset + end)
              + " bytes and has "
              + (dataOffset + dataLength));
    }
    return new Entry(
        new TensorSpec(type, new Shape(shape)), content, dataOffset + begin, end - begin);
  }

  private static boolean isListOfNaturals(JsonNode json) {
    if (!json.isArray()) {
      return false;
    }
    for (JsonNode item : json) {
      if (!item.isIntegralNumber() || !item.canConvertToLong() || item.asLong() < 0) {
        return false;
      }
    }
    return true;
  }

  /** What a file that is no safetensors file seems to be. */
  private static String otherFormat(ByteBuffer start) {
    byte[] head = new byte[start.remaining()];
    start.get(head);
    String text = new String(head, StandardCharsets.ISO_8859_1);
    boolean zip = text.startsWith("PK\u0003\u0004");
    boolean pickle = head.length > 1 && head[0] == (byte) 0x80 && head[1] >= 2 && head[1] <= 5;
    if (zip || pickle) {
      return "is a Python pickle"
          + (zip ? " or another zip archive" : "")
          + ". Pickles can run code, so they are never read; convert the file to safetensors first";
    }
    if (text.startsWith("version https://git-lfs")) {
      return "is a Git LFS pointer, not the file itself; fetch it with `git lfs pull`";
    }
    return "is not a safetensors file";
  }

  private static EngineException damaged(String name, String problem) {
    return new EngineException(EngineException.Kind.MODEL_UNAVAILABLE, name + " " + problem + ".");
  }

  private static EngineException unreadable(String name, IOException e) {
    return new EngineException(
        EngineException.Kind.MODEL_UNAVAILABLE,
        "Cannot read " + name + ": " + e.getMessage() + ".",
        e);
  }
}
