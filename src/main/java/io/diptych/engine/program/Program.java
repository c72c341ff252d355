package io.diptych.engine.program;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.diptych.engine.EngineException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * A compiled program: the mathematics of one model, without its weights. Methods keep no state, so
 * any number of threads may call them at once.
 */
public final class Program implements AutoCloseable {

  private static final String SHARED = "shared";

  /** How CUDA, its libraries and the processor say that memory ran out. */
  private static final List<String> OUT_OF_MEMORY =
      List.of(
          "out of memory",
          "ALLOC_FAILED",
          "not enough memory",
          "can't allocate memory",
          "Cannot allocate memory");

  /** How the line behind a traceback begins. */
  private static final Pattern ERROR = Pattern.compile("^[\\w.]*Error: ", Pattern.MULTILINE);

  /** Wall time spent in native calls by all programs, for {@link #nanosInPrograms()}. */
  private static final ThreadLocal<long[]> NANOS = ThreadLocal.withInitial(() -> new long[1]);

  private static final LongAdder CALLS = new LongAdder();

  private final String name;
  private final ProgramSource source;
  private final Set<String> methods;
  private final PtSymbolBlock block;

  private Program(String name, ProgramSource source, PtSymbolBlock block) {
    this.name = name;
    this.source = source;
    this.methods = Set.copyOf(ProgramArchive.methods(source.text()));
    this.block = block;
  }

  /**
   * Compiles the resource {@code /programs/NAME.py} for the device of a manager.
   *
   * @param attributes values of the attributes that the text declares (Boolean, Integer, Double,
   *     List of Integer or Double); others are ignored
   * @param manager owns the compiled module; closing it closes the program
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} naming file and line when the text
   *     does not compile
   */
  public static Program load(String name, Map<String, ?> attributes, NDManager manager) {
    ProgramSource source =
        ProgramSource.of(
            name + ".py",
            resource("/programs/" + name + ".py"),
            file -> resource("/programs/" + file));
    return compile(name, source, attributes, manager);
  }

  private static String resource(String path) {
    try (InputStream text = Program.class.getResourceAsStream(path)) {
      if (text == null) {
        throw new EngineException(
            EngineException.Kind.MODEL_UNAVAILABLE, "There is no program " + path + ".");
      }
      return new String(text.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new EngineException(
          EngineException.Kind.MODEL_UNAVAILABLE, "Cannot read the program " + path + ".", e);
    }
  }

  static Program compile(
      String name, ProgramSource source, Map<String, ?> attributes, NDManager manager) {
    try {
      PtSymbolBlock block =
          JniUtils.loadModule(
              (PtNDManager) manager, ProgramArchive.pack(source.text(), attributes), false, false);
      return new Program(name, source, block);
    } catch (IOException | RuntimeException e) {
      String message = String.valueOf(e.getMessage());
      throw new EngineException(
          EngineException.Kind.MODEL_UNAVAILABLE,
          "The program "
              + source.place(message)
              + " does not compile: "
              + firstParagraph(source.translate(message)),
          e);
    }
  }

  /**
   * Marks an array that calls of several threads will use at the same time. Weights need not be.
   */
  public static NDArray share(NDArray array) {
    array.setName(SHARED);
    return array;
  }

  /** Starts a call; arguments follow in the order of the method's parameters. */
  public Call call(String method, NDManager scope) {
    if (!methods.contains(method)) {
      throw new IllegalArgumentException("programs/" + name + ".py has no method " + method);
    }
    return new Call(this, method, scope);
  }

  NDList run(NDList inputs, boolean differentiable) {
    long start = System.nanoTime();
    try {
      // The optimiser rewrites a graph after its first runs, and with it the last bits of its
      // results.
      JniUtils.setGraphExecutorOptimize(false); // thread-local
      if (differentiable) {
        JniUtils.setGradMode(
            true); // a thread-local that other users of this thread may have cleared
      }
      return IValueUtils.forward(block, inputs, differentiable);
    } catch (RuntimeException e) {
      String message = String.valueOf(e.getMessage());
      throw failure(
          "The program " + name + " failed in " + source.innermost(message), cause(message), e);
    } finally {
      NANOS.get()[0] += System.nanoTime() - start;
      CALLS.increment();
    }
  }

  /**
   * What a failure of the native library outside a program is to callers, such as a tensor that
   * could not be made; other failures as they are.
   */
  public static RuntimeException translated(RuntimeException e) {
    return e instanceof ai.djl.engine.EngineException
        ? failure("The device failed", String.valueOf(e.getMessage()), e)
        : e;
  }

  private static EngineException failure(String what, String message, RuntimeException e) {
    boolean memory = OUT_OF_MEMORY.stream().anyMatch(message::contains);
    return new EngineException(
        memory ? EngineException.Kind.OUT_OF_MEMORY : EngineException.Kind.DEVICE_FAILURE,
        what + ": " + firstParagraph(message),
        e);
  }

  /** What TorchScript says behind its traceback, which quotes the code of every call. */
  private static String cause(String message) {
    return message.substring(
        ERROR.matcher(message).results().mapToInt(MatchResult::end).max().orElse(0));
  }

  private static String firstParagraph(String message) {
    List<String> lines = message.lines().filter(l -> !l.isBlank()).limit(6).toList();
    return String.join(" | ", lines);
  }

  /** Nanoseconds that the calling thread has spent inside native calls of programs so far. */
  public static long nanosInPrograms() {
    return NANOS.get()[0];
  }

  /** Calls of all programs by all threads so far. */
  public static long calls() {
    return CALLS.sum();
  }

  @Override
  public void close() {
    block.close();
  }

  /** One call in the making. Its results, and aliases it needs, belong to the call's scope. */
  public static final class Call {

    private final Program program;
    private final NDManager scope;
    private final NDList inputs = new NDList();
    private int position;

    private Call(Program program, String method, NDManager scope) {
      this.program = program;
      this.scope = scope;
      // DJL attaches outputs to the manager of the first input, so this one comes first.
      NDArray selector = scope.create(0);
      selector.setName("module_method:" + method);
      inputs.add(selector);
    }

    /** A parameter of type {@code Tensor}. */
    public Call with(NDArray tensor) {
      position++;
      inputs.add(named(tensor, "t"));
      return this;
    }

    /** A parameter of type {@code Tensor} that the program reads as one integer. */
    public Call with(long number) {
      return with(scope.create(number));
    }

    /** A parameter of type {@code Tensor} that the program reads as one real number. */
    public Call with(float number) {
      return with(scope.create(number));
    }

    /** A parameter of type {@code List[Tensor]}; must not be empty. */
    public Call with(List<NDArray> tensors) {
      if (tensors.isEmpty()) {
        throw new IllegalArgumentException("DJL cannot pass an empty list.");
      }
      String name = "l" + position++ + "[]";
      tensors.forEach(tensor -> inputs.add(named(tensor, name)));
      return this;
    }

    /** A parameter {@code w} of type {@code Dict[str, Tensor]}: weights by name. */
    public Call with(Weights weights) {
      position++;
      inputs.addAll(weights.named());
      return this;
    }

    /** Runs without autograd. */
    public NDList run() {
      return program.run(inputs, false);
    }

    /** Runs with autograd: results remember how they came to be. */
    public NDList runDifferentiably() {
      return program.run(inputs, true);
    }

    /**
     * DJL tells arguments apart by the names of arrays. An array that already plays a part in this
     * call, or that several threads use, is passed through an alias; gradients flow through an
     * alias but cannot be asked for with respect to it.
     */
    private NDArray named(NDArray tensor, String name) {
      String present = tensor.getName();
      boolean shared = present != null && (present.equals(SHARED) || Weights.isWeight(present));
      if (!shared && inputs.stream().noneMatch(input -> input == tensor)) {
        tensor.setName(name);
        return tensor;
      }
      JniUtils.setGradMode(true); // gradients must reach the original
      NDArray alias = tensor.reshape(tensor.getShape());
      alias.attach(scope);
      alias.setName(name);
      return alias;
    }
  }
}
