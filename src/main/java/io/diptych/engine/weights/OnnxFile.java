package io.diptych.engine.weights;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.EngineException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The weights inside an ONNX file; its graph is not run.
 *
 * <p>Exporters fold {@code x W^T} into a product with an anonymous, transposed constant. Such a
 * constant is given back its name, {@code PREFIX.weight}, by the bias {@code PREFIX.bias} that is
 * added to the product, and loads as a transposed view.
 */
public final class OnnxFile implements TensorFile {

  // Field numbers of onnx.proto3.
  private static final int MODEL_GRAPH = 7;
  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_INITIALIZER = 5;
  private static final int NODE_INPUT = 1;
  private static final int NODE_OUTPUT = 2;
  private static final int NODE_OPERATOR = 4;
  private static final int TENSOR_DIMENSION = 1;
  private static final int TENSOR_TYPE = 2;
  private static final int TENSOR_NAME = 8;
  private static final int TENSOR_RAW_DATA = 9;
  private static final int TENSOR_DATA_LOCATION = 14;

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private static final Map<Long, TensorType> TYPES =
      Map.of(
          1L, TensorType.F32,
          2L, TensorType.U8,
          3L, TensorType.I8,
          6L, TensorType.I32,
          7L, TensorType.I64,
          9L, TensorType.BOOL,
          10L, TensorType.F16,
          11L, TensorType.F64,
          16L, TensorType.BF16);

  private static final Set<String> QUANTISED_OPERATORS =
      Set.of("DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "QLinearMatMul");

  private static final String BIAS = ".bias";

  private final String name;
  private final SortedMap<String, Stored> tensors = new TreeMap<>();

  private record Stored(TensorSpec spec, ByteBuffer elements, boolean transposed) {}

  private record Node(String operator, List<String> inputs, List<String> outputs) {}

  private OnnxFile(String name) {
    this.name = name;
  }

  /**
   * Reads a file.
   *
   * @param file the whole file, a direct buffer; the tensors are parts of it
   * @param name what to call it in errors
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} when it is damaged, quantised or
   *     keeps its weights elsewhere
   */
  public static OnnxFile read(ByteBuffer file, String name) {
    OnnxFile onnx = new OnnxFile(name);
    try {
      ByteBuffer model = file.duplicate().order(ByteOrder.LITTLE_ENDIAN);
      Map<String, Stored> constants = new HashMap<>();
      List<Node> nodes = new ArrayList<>();
      while (model.hasRemaining()) {
        long key = varint(model);
        if (key >>> 3 == MODEL_GRAPH) {
          onnx.readGraph(bytes(model, key), constants, nodes);
        } else {
          skip(model, key);
        }
      }
      onnx.nameConstants(constants, nodes);
    } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
      throw onnx.refused("is not an ONNX file, or is truncated", e);
    }
    if (onnx.tensors.isEmpty()) {
      throw onnx.refused("is not an ONNX file, or holds no weights", null);
    }
    return onnx;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public SortedMap<String, TensorSpec> tensors() {
    SortedMap<String, TensorSpec> specs = new TreeMap<>();
    tensors.forEach(
        (tensor, stored) -> {
          Shape shape = stored.spec.shape();
          specs.put(
              tensor,
              stored.transposed
                  ? new TensorSpec(stored.spec.type(), new Shape(shape.get(1), shape.get(0)))
                  : stored.spec);
        });
    return Collections.unmodifiableSortedMap(specs);
  }

  @Override
  public NDArray load(String tensor, NDManager manager) {
    return load(tensor, manager, StoredTensor.loadedType(stored(tensor).spec.type()));
  }

  /**
   * {@inheritDoc}
   *
   * <p>A transposed view keeps the array it looks at attached to the manager.
   */
  @Override
  public NDArray load(String tensor, NDManager manager, DataType floats) {
    Stored stored = stored(tensor);
    NDArray array = StoredTensor.load(stored.spec, stored.elements.duplicate(), manager, floats);
    return stored.transposed ? array.transpose() : array;
  }

  private Stored stored(String tensor) {
    Stored stored = tensors.get(tensor);
    if (stored == null) {
      throw refused("has no tensor " + tensor, null);
    }
    return stored;
  }

  /** Nothing is open; arrays share the buffer, which the garbage collector frees. */
  @Override
  public void close() {}

  private void readGraph(ByteBuffer graph, Map<String, Stored> constants, List<Node> nodes) {
    while (graph.hasRemaining()) {
      long key = varint(graph);
      switch ((int) (key >>> 3)) {
        case GRAPH_NODE -> nodes.add(readNode(bytes(graph, key)));
        case GRAPH_INITIALIZER -> readTensor(bytes(graph, key), constants);
        default -> skip(graph, key);
      }
    }
  }

  private Node readNode(ByteBuffer node) {
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    String operator = "";
    while (node.hasRemaining()) {
      long key = varint(node);
      switch ((int) (key >>> 3)) {
        case NODE_INPUT -> inputs.add(text(node, key));
        case NODE_OUTPUT -> outputs.add(text(node, key));
        case NODE_OPERATOR -> operator = text(node, key);
        default -> skip(node, key);
      }
    }
    if (QUANTISED_OPERATORS.contains(operator)) {
      throw refused("is quantised (" + operator + "); take the full-precision variant", null);
    }
    return new Node(operator, inputs, outputs);
  }

  private void readTensor(ByteBuffer tensor, Map<String, Stored> constants) {
    List<Long> dimensions = new ArrayList<>();
    String tensorName = "";
    long type = 0;
    ByteBuffer elements = null;
    while (tensor.hasRemaining()) {
      long key = varint(tensor);
      switch ((int) (key >>> 3)) {
        case TENSOR_DIMENSION -> {
          if ((key & 7) == VARINT) {
            dimensions.add(varint(tensor));
          } else {
            ByteBuffer packed = bytes(tensor, key);
            while (packed.hasRemaining()) {
              dimensions.add(varint(packed));
            }
          }
        }
        case TENSOR_TYPE -> type = varint(tensor);
        case TENSOR_NAME -> tensorName = text(tensor, key);
        case TENSOR_RAW_DATA -> elements = bytes(tensor, key);
        case TENSOR_DATA_LOCATION -> {
          if (varint(tensor) != 0) {
            throw refused("keeps its weights in another file, which is not supported", null);
          }
        }
        default -> skip(tensor, key);
      }
    }
    TensorType known = TYPES.get(type);
    if (known == null || elements == null) {
      return; // a few scalars of the graph are stored as typed lists; no weight is
    }
    Shape shape = new Shape(dimensions);
    if (shape.size() * known.bytes() != elements.remaining()) {
      throw refused("is damaged: " + tensorName + " does not have the size of its shape", null);
    }
    constants.put(tensorName, new Stored(new TensorSpec(known, shape), elements, false));
  }

  private void nameConstants(Map<String, Stored> constants, List<Node> nodes) {
    Map<String, Node> additionOf = new HashMap<>();
    for (Node node : nodes) {
      if (node.operator.equals("Add")) {
        node.inputs.forEach(input -> additionOf.put(input, node));
      }
    }
    tensors.putAll(constants);
    for (Node node : nodes) {
      if (node.operator.equals("MatMul") && node.inputs.size() == 2 && node.outputs.size() == 1) {
        String factor = node.inputs.get(1);
        Stored constant = constants.get(factor);
        Node addition = additionOf.get(node.outputs.get(0));
        if (constant != null && constant.spec.shape().dimension() == 2 && addition != null) {
          addition.inputs.stream()
              .filter(input -> input.endsWith(BIAS) && constants.containsKey(input))
              .map(bias -> bias.substring(0, bias.length() - BIAS.length()) + ".weight")
              .findFirst()
              .ifPresent(
                  weight -> {
                    tensors.remove(factor);
                    tensors.put(weight, new Stored(constant.spec, constant.elements, true));
                  });
        }
      }
    }
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte b = in.get();
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("A number has more than 64 bits.");
  }

  private static ByteBuffer bytes(ByteBuffer in, long key) {
    if ((key & 7) != BYTES) {
      throw new IllegalArgumentException("Field " + (key >>> 3) + " is not a message or text.");
    }
    long length = varint(in);
    if (length < 0 || length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    ByteBuffer part = in.slice(in.position(), (int) length).order(ByteOrder.LITTLE_ENDIAN);
    in.position(in.position() + (int) length);
    return part;
  }

  private static String text(ByteBuffer in, long key) {
    return StandardCharsets.UTF_8.decode(bytes(in, key)).toString();
  }

  private static void skip(ByteBuffer in, long key) {
    switch ((int) (key & 7)) {
      case VARINT -> varint(in);
      case FIXED64 -> in.getLong();
      case FIXED32 -> in.getInt();
      case BYTES -> bytes(in, key);
      default -> throw new IllegalArgumentException("Wire type " + (key & 7) + " is unknown.");
    }
  }

  private EngineException refused(String problem, @Nullable Exception e) {
    return new EngineException(
        EngineException.Kind.MODEL_UNAVAILABLE, name + " " + problem + ".", e);
  }
}
