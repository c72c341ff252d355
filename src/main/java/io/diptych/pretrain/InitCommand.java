package io.diptych.pretrain;

import io.diptych.engine.training.JudgeTrainer;
import io.diptych.engine.training.SwittiTrainer;
import io.diptych.engine.training.VqvaeTrainer;
import io.diptych.engine.training.VqvaeTrainer.Helpers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code pretrain init}: the checkpoint that a run starts from, by formula from the seed. */
@Command(
    name = "init",
    mixinStandardHelpOptions = true,
    description = "Writes a run's initial weights, which depend on its seed alone.")
final class InitCommand implements Callable<Integer> {

  /** Models that can be trained. */
  enum Model {
    VQVAE,
    SWITTI,
    JUDGE
  }

  @Option(
      names = "--model",
      required = true,
      description = "Which model: ${COMPLETION-CANDIDATES}.")
  private Model model = Model.VQVAE;

  @Option(names = "--run", required = true, paramLabel = "DIR", description = "The new run.")
  private Path run = Path.of("run");

  @Option(
      names = "--vqvae",
      paramLabel = "DIR",
      description = "Directory of the tokenizer's run, for SWITTI.")
  private @Nullable Path vqvae;

  @Option(
      names = "--set",
      arity = "0..*",
      paramLabel = "NAME=VALUE",
      description = "Settings that differ from the defaults.")
  private List<String> changes = List.of();

  @Override
  public Integer call() throws IOException {
    TrainingOptions options = new TrainingOptions();
    options.run = run;
    String name = model.name().toLowerCase(java.util.Locale.ROOT);
    TrainingRun started = TrainingRun.open(options, name, changes);
    if (started.hasCheckpoint()) {
      throw new PretrainException(run + " has a checkpoint already. Name another directory.");
    }
    RunSettings settings = started.settings();
    switch (model) {
      case VQVAE -> {
        try (VqvaeTrainer trainer =
            VqvaeTrainer.start(
                settings.vqvae(), settings.seed(), null, Helpers.NONE, options.device, false)) {
          started.keepSettings();
          trainer.save(started.checkpoint(), started.metadata());
        }
      }
      case SWITTI -> {
        if (vqvae == null) {
          throw new PretrainException("The transformer needs its tokenizer: --vqvae DIR.");
        }
        Path tokenizer = vqvae.resolve("checkpoint.safetensors");
        try (SwittiTrainer trainer =
            SwittiCommand.trainer(started, tokenizer, null, options.device, false)) {
          started.keepSettings();
          trainer.save(started.checkpoint(), started.metadata());
        }
      }
      case JUDGE -> {
        if (settings.judge().classes() < 1) {
          throw new PretrainException("A judge needs to know how many classes: --set classes=N.");
        }
        try (JudgeTrainer trainer =
            JudgeTrainer.start(settings.judge(), settings.seed(), options.device, false)) {
          started.keepSettings();
          trainer.save(started.checkpoint(), started.metadata());
        }
      }
    }
    System.out.println("Wrote " + started.checkpoint());
    return 0;
  }
}
