package io.diptych.pretrain;

import io.diptych.engine.judge.JudgeArchitecture;
import io.diptych.engine.training.Draws;
import io.diptych.engine.training.JudgeTrainer;
import io.diptych.pretrain.data.Dataset;
import io.diptych.pretrain.data.Split;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pretrain judges}: the two networks that pictures are measured with. */
@Command(
    name = "judges",
    mixinStandardHelpOptions = true,
    description = "Trains a judge on real pictures: of things, or of styles.")
final class JudgesCommand implements Callable<Integer> {

  private static final List<String> FIGURES = List.of("gradientNorm", "crossEntropy", "accuracy");
  private static final int MEASURED = 1500;
  private static final int MEASURED_AT_ONCE = 100;
  private static final int BEST = 5;

  /** What a judge names. */
  enum Kind {
    /** The thing, whatever the style. */
    CONTENT,
    /** The style, whatever the thing. */
    STYLE;

    String id() {
      return name().toLowerCase(Locale.ROOT);
    }

    List<Dataset.Label> labels(Dataset data) {
      return this == CONTENT ? data.things() : data.styles();
    }

    int label(Dataset.Sample sample) {
      return this == CONTENT ? sample.thing() : sample.style();
    }
  }

  @Mixin private TrainingOptions options = new TrainingOptions();

  @Option(names = "--kind", required = true, description = "Which judge: ${COMPLETION-CANDIDATES}.")
  private Kind kind = Kind.CONTENT;

  @Override
  public Integer call() {
    Dataset train = Dataset.open(options.data, Split.TRAIN);
    Map<Split, Dataset> held = new EnumMap<>(Split.class);
    for (Split split : List.of(Split.VALIDATION, Split.HELDOUT_PAIRS)) {
      held.put(split, Dataset.open(options.data, split));
    }
    List<String> changes = new ArrayList<>(options.changes);
    changes.add("classes=" + kind.labels(train).size());
    TrainingRun run = TrainingRun.open(options, "judge", changes);
    JudgeArchitecture architecture = run.settings().judge();
    try (JudgeTrainer trainer =
        run.hasCheckpoint()
            ? JudgeTrainer.resume(
                architecture, run.checkpoint(), options.device, options.halfPrecision)
            : JudgeTrainer.start(
                architecture, run.settings().seed(), options.device, options.halfPrecision)) {
      run.train(options, new Training(run, trainer, kind, train, held));
    }
    return 0;
  }

  /** One run's steps and measurements. */
  record Training(
      TrainingRun run, JudgeTrainer trainer, Kind kind, Dataset train, Map<Split, Dataset> held)
      implements TrainingRun.Training {

    @Override
    public void step() {
      RunSettings settings = run.settings();
      int batch = settings.integer("batch");
      int reach = settings.integer("shift");
      int side = train.imageSize();
      int elements = 3 * side * side;
      int[] index = run.pictures("judge", batch, train.size());
      boolean[] mirrored = run.mirrored("judge", batch);
      int[] across = shifts("across", batch, reach);
      int[] down = shifts("down", batch, reach);
      float[] planes = new float[batch * elements];
      long[] classes = new long[batch];
      for (int i = 0; i < batch; i++) {
        Dataset.Sample sample = train.get(index[i]);
        classes[i] = kind.label(sample);
        float[] whole = new float[elements];
        Dataset.toPlanes(sample.rgb(), whole, 0, mirrored[i]);
        shift(whole, planes, i * elements, side, across[i] - reach, down[i] - reach);
      }
      addNoise(planes, elements, settings.real("noise"));
      run.report(
          trainer.step(planes, side, classes, run.schedule(), settings.real("smoothing")),
          FIGURES,
          batch);
    }

    private int[] shifts(String direction, int batch, int reach) {
      return Draws.below(
          run.settings().seed(), "judge." + direction + "." + run.step(), batch, 2 * reach + 1);
    }

    /** Uniform noise, of every picture as loud as is drawn for it. */
    private void addNoise(float[] planes, int elements, double loudest) {
      if (loudest == 0) {
        return;
      }
      long seed = run.settings().seed();
      double[] loudness =
          Draws.uniform(seed, "judge.loudness." + run.step(), planes.length / elements);
      double[] noise = Draws.uniform(seed, "judge.noise." + run.step(), planes.length);
      for (int i = 0; i < planes.length; i++) {
        planes[i] = (float) (planes[i] + loudest * loudness[i / elements] * (2 * noise[i] - 1));
      }
    }

    /** Moves a picture; pixels from beyond its edge are those at the edge. */
    private static void shift(float[] from, float[] to, int offset, int side, int x0, int y0) {
      for (int plane = 0; plane < 3; plane++) {
        for (int y = 0; y < side; y++) {
          int row = (plane * side + Math.max(0, Math.min(side - 1, y + y0))) * side;
          for (int x = 0; x < side; x++) {
            to[offset++] = from[row + Math.max(0, Math.min(side - 1, x + x0))];
          }
        }
      }
    }

    @Override
    public void save(Path checkpoint, Map<String, String> metadata) throws IOException {
      trainer.save(checkpoint, metadata);
    }

    @Override
    public void sample() {
      held.forEach(
          (split, data) -> {
            int count = Math.min(MEASURED, data.size());
            int top1 = 0;
            int top5 = 0;
            for (int from = 0; from < count; from += MEASURED_AT_ONCE) {
              int pictures = Math.min(MEASURED_AT_ONCE, count - from);
              long[][] best =
                  trainer.best(Pictures.planes(data, from, pictures), data.imageSize(), BEST);
              for (int i = 0; i < pictures; i++) {
                int right = kind.label(data.get(from + i));
                for (int rank = 0; rank < best[i].length; rank++) {
                  if (best[i][rank] == right) {
                    top5++;
                    top1 += rank == 0 ? 1 : 0;
                  }
                }
              }
            }
            run.log(
                run.line()
                    .put("split", split.id())
                    .put("top1", TrainingRun.rounded((double) top1 / count))
                    .put("top5", TrainingRun.rounded((double) top5 / count)));
          });
    }
  }
}
