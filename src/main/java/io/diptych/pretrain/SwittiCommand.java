package io.diptych.pretrain;

import io.diptych.engine.Sampling;
import io.diptych.engine.training.CaptionEncoder;
import io.diptych.engine.training.Draws;
import io.diptych.engine.training.SwittiTrainer;
import io.diptych.pretrain.data.Dataset;
import io.diptych.pretrain.data.Split;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ObjectNode;

/** {@code pretrain switti}: the transformer, on the tokens of a finished VQ-VAE. */
@Command(
    name = "switti",
    mixinStandardHelpOptions = true,
    description = "Trains the transformer on the tokens of a VQ-VAE and the captions.")
final class SwittiCommand implements Callable<Integer> {

  private static final int MEASURED = 96;
  private static final int MEASURED_AT_ONCE = 32;
  private static final int COLUMNS = 8;

  @Mixin private TrainingOptions options = new TrainingOptions();

  @Option(
      names = "--vqvae",
      required = true,
      paramLabel = "DIR",
      description = "Directory of the tokenizer's run.")
  private Path vqvae = Path.of("vqvae");

  @Option(
      names = "--from",
      paramLabel = "DIR",
      description = "A run whose settings and averaged weights a new run starts from.")
  private @Nullable Path start;

  @Option(
      names = "--guidance",
      defaultValue = "3",
      description = "Guidance scale of sample sheets (${DEFAULT-VALUE}).")
  private double guidance = 3;

  @Override
  public Integer call() {
    Dataset train = Dataset.open(options.data, Split.TRAIN);
    Map<Split, Dataset> held = new EnumMap<>(Split.class);
    for (Split split : List.of(Split.VALIDATION, Split.HELDOUT_PAIRS)) {
      held.put(split, Dataset.open(options.data, split));
    }
    TrainingRun run = TrainingRun.open(options, "switti", options.changes, start);
    Path tokenizer = vqvae.resolve("checkpoint.safetensors");
    Pictures.requireSize(train, CheckpointHeader.settings(tokenizer).vqvae().resolution());
    try (SwittiTrainer trainer =
            trainer(run, tokenizer, start, options.device, options.halfPrecision);
        CaptionEncoder captions = new CaptionEncoder(options.device)) {
      run.train(options, new Training(run, trainer, captions, train, held, guidance));
    }
    return 0;
  }

  static SwittiTrainer trainer(
      TrainingRun run, Path tokenizer, @Nullable Path start, String device, boolean halfPrecision) {
    RunSettings of = CheckpointHeader.settings(tokenizer);
    return run.hasCheckpoint()
        ? SwittiTrainer.resume(
            run.settings().switti(), of.vqvae(), tokenizer, run.checkpoint(), device, halfPrecision)
        : SwittiTrainer.start(
            run.settings().switti(),
            of.vqvae(),
            tokenizer,
            run.settings().seed(),
            start == null ? null : start.resolve("checkpoint.safetensors"),
            device,
            halfPrecision);
  }

  /** One run's steps and measurements. */
  record Training(
      TrainingRun run,
      SwittiTrainer trainer,
      CaptionEncoder captions,
      Dataset train,
      Map<Split, Dataset> held,
      double guidance)
      implements TrainingRun.Training {

    @Override
    public void step() {
      RunSettings settings = run.settings();
      int batch = settings.integer("batch");
      int[] index = run.pictures("switti", batch, train.size());
      float[] latents =
          trainer.encode(Pictures.planes(train, index, run.mirrored("switti", batch)));
      roundToHalf(latents);
      double[] drop = Draws.uniform(settings.seed(), "switti.drop." + run.step(), batch);
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < batch; i++) {
        texts.add(drop[i] < settings.real("dropCaption") ? "" : train.caption(index[i]));
      }
      float[] losses =
          trainer.step(
              latents,
              flips("switti." + run.step(), batch),
              captions.encode(texts),
              run.schedule());
      run.report(losses, figures(), batch);
    }

    /** The latent maps that the Python loop keeps on disk are F16; both train on the same. */
    private static void roundToHalf(float[] values) {
      for (int i = 0; i < values.length; i++) {
        values[i] = Half.toFloat(Half.of(values[i]));
      }
    }

    /** Flips of a strength drawn for each picture. */
    private SwittiTrainer.Flips flips(String name, int batch) {
      long seed = run.settings().seed();
      int tokens = run.settings().switti().tokensUpTo(run.settings().switti().sides().size() - 1);
      double[] noise = Draws.uniform(seed, name + ".noise", batch * tokens);
      double[] strength = Draws.uniform(seed, name + ".strength", batch);
      int[] codes =
          Draws.below(seed, name + ".codes", batch * tokens, run.settings().switti().codes());
      float[] scaled = new float[noise.length];
      long[] wide = new long[noise.length];
      for (int i = 0; i < noise.length; i++) {
        scaled[i] = (float) (noise[i] / Math.max(strength[i / tokens], 1e-6));
        wide[i] = codes[i];
      }
      return new SwittiTrainer.Flips(run.settings().real("flip"), scaled, wide);
    }

    private List<String> figures() {
      List<String> names = new ArrayList<>(List.of("gradientNorm"));
      for (int scale = 0; scale < run.settings().switti().sides().size(); scale++) {
        names.add("scale" + scale);
      }
      return names;
    }

    @Override
    public void save(Path checkpoint, Map<String, String> metadata) throws IOException {
      trainer.save(checkpoint, metadata);
    }

    @Override
    public void sample() throws IOException {
      List<String> shown = new ArrayList<>();
      for (Map.Entry<Split, Dataset> entry : held.entrySet()) {
        measure(entry.getKey(), entry.getValue());
        int count = Math.min(entry.getValue().size(), entry.getKey() == Split.VALIDATION ? 32 : 16);
        for (int i = 0; i < count; i++) {
          shown.add(entry.getValue().caption(i));
        }
      }
      Pictures.write(
          Pictures.sheet(
              trainer.generate(
                  captions.encode(shown),
                  captions.encode(List.of("")),
                  Sampling.DEFAULT.withGuidanceScale(guidance),
                  run.settings().seed()),
              COLUMNS),
          run.sample());
    }

    private void measure(Split split, Dataset data) {
      int count = Math.min(MEASURED, data.size());
      double[] sums = new double[run.settings().switti().sides().size()];
      for (int from = 0; from < count; from += MEASURED_AT_ONCE) {
        int pictures = Math.min(MEASURED_AT_ONCE, count - from);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < pictures; i++) {
          texts.add(data.caption(from + i));
        }
        float[] means =
            trainer.crossEntropy(
                trainer.encode(Pictures.planes(data, from, pictures)), captions.encode(texts));
        for (int scale = 0; scale < sums.length; scale++) {
          sums[scale] += (double) means[scale] * pictures / count;
        }
      }
      ObjectNode line = run.line().put("split", split.id());
      double all = 0;
      int tokens = 0;
      for (int scale = 0; scale < sums.length; scale++) {
        int side = run.settings().switti().sides().get(scale);
        line.put("scale" + scale, TrainingRun.rounded(sums[scale]));
        all += sums[scale] * side * side;
        tokens += side * side;
      }
      run.log(line.put("all", TrainingRun.rounded(all / tokens)));
    }
  }
}
