package io.diptych.engine.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.EngineException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgramTest {

  private static final String SOURCE =
      """
      class Ops(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        depth : int
        epsilon : float
        sides : List[int]
        def apply(self: __torch__.Ops, w: Dict[str, Tensor], x: Tensor, more: List[Tensor], n: Tensor) -> Tuple[Tensor, List[Tensor]]:
          for i in range(self.depth):
            x = x + w["blocks." + str(i) + ".bias"]
          for m in more:
            x = x + m
          outputs = annotate(List[Tensor], [])
          for side in self.sides:
            outputs.append(x * side)
          return (x * int(n) + self.epsilon, outputs)
        def gradient(self: __torch__.Ops, y: Tensor, x: Tensor) -> Tensor:
          g = torch.grad([torch.sum(y)], [x], None, None, False, True)[0]
          return torch.zeros_like(x) if g is None else unchecked_cast(Tensor, g)
      """;

  private static final Map<String, Object> ATTRIBUTES =
      Map.of("depth", 2, "epsilon", 0.5, "sides", List.of(1, 2, 3));

  @Test
  void argumentsOfEveryKindReachTheProgramAndResultsBelongToTheScope() {
    try (NDManager manager = NDManager.newBaseManager();
        Program program = Program.compile("sample", source(SOURCE), ATTRIBUTES, manager)) {
      Weights weights =
          Weights.of(
              Map.of(
                  "blocks.0.bias", manager.create(1f),
                  "blocks.1.bias", manager.create(10f)));
      NDArray x = manager.create(new float[] {1, 2});
      try (NDManager scope = manager.newSubManager()) {
        NDList result =
            program.call("apply", scope).with(weights).with(x).with(List.of(x, x)).with(2L).run();
        assertThat(result).hasSize(4);
        assertThat(result.get(0).toFloatArray()).containsExactly(28.5f, 34.5f);
        assertThat(result.get(3).toFloatArray()).containsExactly(42f, 51f);
        assertThat(result).allMatch(array -> array.getManager() == scope);
      }
      assertThat(x.getShape()).isEqualTo(new Shape(2)); // the caller's array outlives the scope
    }
  }

  @Test
  void failuresOfTheLibraryOutsideProgramsAreToldAsThoseInside() {
    try (NDManager manager = NDManager.newBaseManager()) {
      RuntimeException refused =
          catchThrowableOfType(
              RuntimeException.class,
              () -> manager.ones(new Shape(2, 3)).matMul(manager.ones(new Shape(2, 3))));

      assertThat(Program.translated(refused))
          .isInstanceOfSatisfying(
              EngineException.class,
              told -> assertThat(told.kind()).isEqualTo(EngineException.Kind.DEVICE_FAILURE));
      String linux =
          "[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory:"
              + " you tried to allocate 4000000000000 bytes. Error code 12 (Cannot allocate memory)";
      for (String memory : List.of("CUDA out of memory.", "CUBLAS_STATUS_ALLOC_FAILED", linux)) {
        assertThat(Program.translated(new ai.djl.engine.EngineException(memory)))
            .isInstanceOfSatisfying(
                EngineException.class,
                told -> assertThat(told.kind()).isEqualTo(EngineException.Kind.OUT_OF_MEMORY));
      }
      RuntimeException ours = new IllegalStateException("ours");
      assertThat(Program.translated(ours)).isSameAs(ours);
    }
  }

  @Test
  void gradientsFlowFromOneCallToTheNext() {
    try (NDManager manager = NDManager.newBaseManager();
        Program program = Program.compile("sample", source(SOURCE), ATTRIBUTES, manager)) {
      Weights weights =
          Weights.of(
              Map.of(
                  "blocks.0.bias", manager.create(1f),
                  "blocks.1.bias", manager.create(10f)));
      NDArray x = manager.create(new float[] {1, 2});
      x.setRequiresGradient(true);
      try (NDManager scope = manager.newSubManager()) {
        NDArray y =
            program
                .call("apply", scope)
                .with(weights)
                .with(x)
                .with(List.of(x))
                .with(3L)
                .runDifferentiably()
                .get(0);
        NDArray gradient =
            program.call("gradient", scope).with(y).with(x).runDifferentiably().get(0);
        assertThat(gradient.toFloatArray()).containsExactly(6f, 6f);
      }
    }
  }

  @Test
  void aProgramThatDoesNotCompileNamesItsFileAndLine() {
    String broken = SOURCE.replace("for m in more:", "for m in mroe:");
    try (NDManager manager = NDManager.newBaseManager()) {
      assertThatThrownBy(() -> Program.compile("sample", source(broken), ATTRIBUTES, manager))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("programs/sample.py:11")
          .hasMessageContaining("mroe");
    }
  }

  @Test
  void behindAnIncludeTheLineOfTheFileIsNamedAndInOneTheLineOfThatFile() {
    String program = SOURCE.replace("  def apply", "  # include more.py\n\n  def apply");
    String more =
        """
          # twice as much
          def twice(self: __torch__.Ops, x: Tensor) -> Tensor:
            return x * 2.
        """;
    String ownFault = program.replace("for m in more:", "for m in mroe:");
    String foreignFault = more.replace("x * 2.", "y * 2.");
    try (NDManager manager = NDManager.newBaseManager()) {
      Program.compile("sample", source(program, more), ATTRIBUTES, manager).close();
      assertThatThrownBy(
              () -> Program.compile("sample", source(ownFault, more), ATTRIBUTES, manager))
          .hasMessageStartingWith("The program programs/sample.py:13 does not compile")
          .hasMessageContaining("mroe");
      assertThatThrownBy(
              () -> Program.compile("sample", source(program, foreignFault), ATTRIBUTES, manager))
          .hasMessageStartingWith("The program programs/more.py:3 does not compile")
          .hasMessageNotContaining("__torch__.py");
    }
  }

  private static ProgramSource source(String text) {
    return source(text, "");
  }

  private static ProgramSource source(String text, String included) {
    return ProgramSource.of("sample.py", text, file -> included);
  }

  @Test
  void anAttributeWithoutAValueIsNamed() {
    try (NDManager manager = NDManager.newBaseManager()) {
      assertThatThrownBy(
              () -> Program.compile("sample", source(SOURCE), Map.of("depth", 2), manager))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("'epsilon'");
    }
  }

  @Test
  void aFailingCallIsATypedError() {
    try (NDManager manager = NDManager.newBaseManager();
        Program program = Program.compile("sample", source(SOURCE), ATTRIBUTES, manager)) {
      NDArray x = manager.create(1f);
      assertThatThrownBy(
              () ->
                  program
                      .call("apply", manager)
                      .with(Weights.of(Map.of("other", manager.create(1f))))
                      .with(x)
                      .with(List.of(x))
                      .with(1L)
                      .run())
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("The program sample failed");
    }
  }

  @Test
  void aCallThatFailsDeepInAMethodTellsThePlaceAndTheCauseAlone() {
    String deep =
        SOURCE.replace("(x * int(n)", "(self.deeper(x) * int(n)")
            + """
              def deeper(self: __torch__.Ops, x: Tensor) -> Tensor:
                y = torch.cat([x, x, x], 0)
                return torch.matmul(y, torch.ones([7, 7]))
            """;
    try (NDManager manager = NDManager.newBaseManager();
        Program program = Program.compile("sample", source(deep), ATTRIBUTES, manager)) {
      NDArray x = manager.create(new float[] {1, 2});
      Weights biases =
          Weights.of(
              Map.of(
                  "blocks.0.bias", manager.create(1f),
                  "blocks.1.bias", manager.create(10f)));
      assertThatThrownBy(
              () ->
                  program
                      .call("apply", manager)
                      .with(biases)
                      .with(x)
                      .with(List.of(x))
                      .with(1L)
                      .run())
          .hasMessageStartingWith("The program sample failed in programs/sample.py:22: ")
          .hasMessageContaining("mat1 and mat2 shapes cannot be multiplied")
          .hasMessageNotContaining("Traceback")
          .hasMessageNotContaining("torch.matmul")
          .cause()
          .hasMessageContaining("Traceback");
    }
  }
}
