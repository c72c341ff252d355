package io.diptych.pretrain;

import io.diptych.engine.Sampling;
import io.diptych.engine.judge.JudgeArchitecture;
import io.diptych.engine.training.CaptionEncoder;
import io.diptych.engine.training.Draws;
import io.diptych.engine.training.Reconstruction;
import io.diptych.engine.training.VqvaeTrainer;
import io.diptych.engine.training.VqvaeTrainer.Helpers;
import io.diptych.pretrain.data.Dataset;
import io.diptych.pretrain.data.Split;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pretrain vqvae}: the tokenizer. */
@Command(
    name = "vqvae",
    mixinStandardHelpOptions = true,
    description = "Trains the VQ-VAE: plain auto-encoding first, then with its codebook.")
final class VqvaeCommand implements Callable<Integer> {

  private static final List<String> FIGURES =
      List.of(
          "squared",
          "absolute",
          "codebook",
          "hinge",
          "features",
          "style",
          "divergence",
          "gradientNorm");

  private static final int MEASURED = 256;
  private static final int MEASURED_AT_ONCE = 32;
  private static final int SHOWN = 40;
  private static final int COLUMNS = 8;

  @Mixin private TrainingOptions options = new TrainingOptions();

  @Option(
      names = "--from",
      paramLabel = "DIR",
      description = "A run whose settings and averaged weights a new run starts from.")
  private @Nullable Path start;

  @Option(
      names = "--judge",
      paramLabel = "DIR",
      description = "A judge's run, for styleLoss=STRENGTH, drawn=SHARE or distillation=WEIGHT.")
  private @Nullable Path judge;

  @Option(
      names = "--switti",
      paramLabel = "DIR",
      description = "A transformer's run, for drawn=SHARE.")
  private @Nullable Path switti;

  @Option(
      names = "--guidance",
      defaultValue = "6",
      description = "Guidance scale of what is drawn (${DEFAULT-VALUE}).")
  private double guidance = 6;

  @Override
  public Integer call() {
    Dataset train = Dataset.open(options.data, Split.TRAIN);
    Dataset validation = Dataset.open(options.data, Split.VALIDATION);
    TrainingRun run = TrainingRun.open(options, "vqvae", options.changes, start);
    try (VqvaeTrainer trainer = trainer(run, train);
        CaptionEncoder captions = switti == null ? null : new CaptionEncoder(options.device)) {
      run.train(options, new Training(run, trainer, captions, guidance, train, validation));
    }
    return 0;
  }

  private VqvaeTrainer trainer(TrainingRun run, Dataset train) {
    RunSettings settings = run.settings();
    boolean discriminator = settings.real("discriminator") > 0;
    boolean distillation = settings.real("distillation") > 0;
    boolean decoderOnly = settings.flag("decoderOnly");
    if (discriminator && !decoderOnly) {
      throw new PretrainException(
          "A discriminator teaches a decoder alone: set decoderOnly=true too, and --from a"
              + " tokenizer.");
    }
    if (distillation && decoderOnly) {
      throw new PretrainException(
          "Distillation teaches an encoder: set decoderOnly=false, or distillation=0.");
    }
    if (decoderOnly && run.step() > 0 && !run.saved().flag("decoderOnly")) {
      throw new PretrainException(
          run.checkpoint()
              + " has trained its encoder, and what the optimiser and the average remember of that"
              + " would go on to change the tokens. Start another run with --from, or set"
              + " decoderOnly=false.");
    }
    boolean drawn = settings.real("drawn") > 0;
    if (drawn && !decoderOnly) {
      throw new PretrainException(
          "What a transformer draws teaches a decoder alone: set decoderOnly=true, or drawn=0.");
    }
    if (settings.vqvae().drawnLevels() > 0 && !decoderOnly) {
      throw new PretrainException(
          "drawnLevels=COUNT are learned alone: set decoderOnly=true too, and --from a tokenizer.");
    }
    if (settings.real("drawn") > 0.75) {
      throw new PretrainException(
          "drawn=SHARE leaves a quarter of the pictures their own tokens: set 0.75 at most.");
    }
    if (drawn != (switti != null)) {
      throw new PretrainException("--switti DIR goes with drawn=SHARE, and it with --switti DIR.");
    }
    if ((distillation || drawn || settings.real("styleLoss") > 0) != (judge != null)) {
      throw new PretrainException(
          "--judge DIR goes with styleLoss=STRENGTH, drawn=SHARE or distillation=WEIGHT, and they"
              + " with it.");
    }
    Pictures.requireSize(train, settings.vqvae().resolution());
    Path verdicts = judge == null ? null : judge.resolve("checkpoint.safetensors");
    JudgeArchitecture known = verdicts == null ? null : CheckpointHeader.settings(verdicts).judge();
    int classes = distillation && known != null ? known.classes() : 0;
    VqvaeTrainer trainer = trainer(run, settings, new Helpers(discriminator, classes));
    if (known != null) {
      trainer.bring(known, verdicts);
    }
    if (switti != null) {
      Path drawer = switti.resolve("checkpoint.safetensors");
      trainer.bring(CheckpointHeader.settings(drawer).switti(), drawer);
    }
    return trainer;
  }

  private VqvaeTrainer trainer(TrainingRun run, RunSettings settings, Helpers helpers) {
    return run.hasCheckpoint()
        ? VqvaeTrainer.resume(
            settings.vqvae(), run.checkpoint(), helpers, options.device, options.halfPrecision)
        : VqvaeTrainer.start(
            settings.vqvae(),
            settings.seed(),
            start == null ? null : start.resolve("checkpoint.safetensors"),
            helpers,
            options.device,
            options.halfPrecision);
  }

  /** One run's steps and measurements. */
  record Training(
      TrainingRun run,
      VqvaeTrainer trainer,
      @Nullable CaptionEncoder captions,
      double guidance,
      Dataset train,
      Dataset validation)
      implements TrainingRun.Training {

    @Override
    public void step() {
      RunSettings settings = run.settings();
      int batch = settings.integer("batch");
      int plainSteps = settings.integer("plainSteps");
      boolean decoderOnly = settings.flag("decoderOnly");
      if (run.step() == plainSteps && plainSteps > 0 && !decoderOnly) {
        trainer.forgetHits();
        reseed();
        reseed();
      } else if (run.step() > plainSteps
          && !decoderOnly
          && run.step() % settings.integer("reseedEvery") == 0
          && run.step() < settings.integer("decayFrom")) {
        run.log(run.line().put("reseeded", reseed()));
      }
      VqvaeTrainer.Part part =
          decoderOnly
              ? VqvaeTrainer.Part.DECODER
              : run.step() < plainSteps ? VqvaeTrainer.Part.AUTO_ENCODER : VqvaeTrainer.Part.WHOLE;
      double begun = Math.min(1, run.step() / settings.real("discriminatorWarmUp"));
      VqvaeTrainer.Teachers teachers =
          new VqvaeTrainer.Teachers(
              begun * settings.real("discriminator"),
              settings.real("discriminatorPace"),
              settings.real("styleLoss"),
              VqvaeTrainer.Window.of(settings.seed(), run.step()),
              settings.real("distillation"));
      float[] losses =
          trainer.step(pictures("vqvae", batch), drawing(batch), run.schedule(), part, teachers);
      run.report(losses, FIGURES, batch);
    }

    /** For the captions of the first pictures of a step, unless they are empty. */
    private VqvaeTrainer.@Nullable Drawing drawing(int batch) {
      if (captions == null) {
        return null;
      }
      int count = (int) Math.rint(run.settings().real("drawn") * batch);
      int[] index = run.pictures("vqvae", batch, train.size());
      int[] rows =
          IntStream.range(0, count).filter(i -> !train.caption(index[i]).isEmpty()).toArray();
      if (rows.length == 0) {
        return null;
      }
      List<String> texts = IntStream.of(rows).mapToObj(i -> train.caption(index[i])).toList();
      return new VqvaeTrainer.Drawing(
          rows,
          captions.encode(texts),
          captions.encode(List.of("")),
          Sampling.DEFAULT.withGuidanceScale(guidance),
          run.settings().seed(),
          Math.toIntExact(run.step() * batch),
          run.settings().real("drawnStyleLoss"));
    }

    private long reseed() {
      int count = run.settings().integer("reseedImages");
      int vectors = count * run.settings().vqvae().tokens();
      return trainer.reseed(
          pictures("reseed", count),
          Draws.permutation(run.settings().seed(), "reseed." + run.step(), vectors));
    }

    private float[] pictures(String purpose, int count) {
      return Pictures.planes(
          train, run.pictures(purpose, count, train.size()), run.mirrored(purpose, count));
    }

    @Override
    public void save(Path checkpoint, Map<String, String> metadata) throws IOException {
      trainer.save(checkpoint, metadata);
    }

    @Override
    public void sample() throws IOException {
      int count = Math.min(MEASURED, validation.size());
      BitSet used = new BitSet();
      double psnr = 0;
      double error = 0;
      List<BufferedImage> originals = new ArrayList<>();
      List<BufferedImage> copies = new ArrayList<>();
      for (int from = 0; from < count; from += MEASURED_AT_ONCE) {
        int pictures = Math.min(MEASURED_AT_ONCE, count - from);
        float[] planes = Pictures.planes(validation, from, pictures);
        Reconstruction copy = trainer.reconstruct(planes);
        psnr += Arrays.stream(Pictures.psnr(planes, copy.pictures(), pictures)).sum();
        for (int i = 0; i < pictures; i++) {
          error += Pictures.error(planes, copy.pictures(), i, pictures);
        }
        Arrays.stream(copy.tokens()).forEach(token -> used.set((int) token));
        if (from < SHOWN) {
          originals.addAll(Pictures.of(planes, validation.imageSize()));
          copies.addAll(Pictures.of(copy.pictures(), validation.imageSize()));
        }
      }
      run.log(
          run.line()
              .put("psnr", TrainingRun.rounded(psnr / count))
              .put("psnrOfMeanError", TrainingRun.rounded(-10 * Math.log10(error / count)))
              .put("codesUsed", used.cardinality()));
      List<BufferedImage> rows = new ArrayList<>();
      for (int from = 0; from + COLUMNS <= Math.min(SHOWN, count); from += COLUMNS) {
        rows.addAll(originals.subList(from, from + COLUMNS));
        rows.addAll(copies.subList(from, from + COLUMNS));
      }
      if (!rows.isEmpty()) {
        Pictures.write(Pictures.sheet(rows, COLUMNS), run.sample());
      }
    }
  }
}
