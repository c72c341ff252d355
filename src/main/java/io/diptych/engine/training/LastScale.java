package io.diptych.engine.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.program.Program;
import io.diptych.engine.program.Weights;
import io.diptych.engine.switti.Switti;
import io.diptych.engine.switti.SwittiArchitecture;
import io.diptych.engine.vqvae.TokenMaps;
import java.nio.file.Path;
import java.util.Map;

/** The last scale of pictures, drawn by a finished transformer that is given the scales before. */
final class LastScale implements AutoCloseable {

  private static final long TOP_K = 400;
  private static final double TOP_P = 0.95;

  private final Switti switti;
  private final Program sampling;

  /** Loads the averaged weights of a run. */
  LastScale(SwittiArchitecture architecture, Path checkpoint, NDManager manager) {
    Weights weights =
        Weights.of(TrainingState.loadAverages(architecture.tensors(), checkpoint, manager));
    switti = new Switti(architecture, weights, manager);
    sampling = Program.load("sampling", Map.of(), manager);
  }

  /** Tokens (B, n) of the last scale for the pictures with these maps. */
  NDArray draw(NDManager scope, TokenMaps maps, VqvaeTrainer.Drawing drawing) {
    int batch = drawing.keys().length / 2;
    int last = maps.scales().size() - 1;
    NDArray input = maps.teacherForcingInput();
    NDArray logits =
        switti
            .teacherForced(
                scope,
                drawing.text().prepare(scope, switti),
                input.concat(input, 0),
                0,
                last,
                null,
                false)
            .logits();
    long side = switti.architecture().sides().get(last);
    NDArray guided =
        sampling
            .call("guide", scope)
            .with(logits.get(":, -" + side * side + ":"))
            .with(scope.full(new Shape(batch), (float) drawing.guidance()))
            .run()
            .singletonOrThrow();
    return sampling
        .call("draw", scope)
        .with(guided)
        .with(scope.full(new Shape(batch), TOP_K, DataType.INT64))
        .with(scope.full(new Shape(batch), (float) TOP_P))
        .with(scope.create(drawing.keys(), new Shape(batch, 2)))
        .with(last)
        .run()
        .singletonOrThrow();
  }

  @Override
  public void close() {
    sampling.close();
    switti.close();
  }
}
