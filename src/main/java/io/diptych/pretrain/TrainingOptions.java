package io.diptych.pretrain;

import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Options of every command that trains. */
final class TrainingOptions {

  @Option(names = "--data", required = true, paramLabel = "DIR", description = "The data set.")
  Path data = Path.of("data");

  @Option(
      names = "--run",
      required = true,
      paramLabel = "DIR",
      description = "Directory of the run; an existing one is resumed.")
  Path run = Path.of("run");

  @Option(
      names = "--set",
      arity = "0..*",
      paramLabel = "NAME=VALUE",
      description = "Settings of run.json to change.")
  List<String> changes = List.of();

  @Option(names = "--device", defaultValue = "cpu", description = "cpu or gpu0 (${DEFAULT-VALUE}).")
  String device = "cpu";

  @Option(
      names = "--bf16",
      description =
          "Compute in bfloat16, with weights and moments in fp32: faster on GPUs and on processors"
              + " that have its instructions.")
  boolean halfPrecision;

  @Option(names = "--minutes", description = "Stop after this long.")
  double minutes;

  @Option(
      names = "--save-minutes",
      defaultValue = "5",
      description = "Time between checkpoints (${DEFAULT-VALUE}).")
  double saveMinutes = 5;

  @Option(
      names = "--log-every",
      defaultValue = "50",
      paramLabel = "STEPS",
      description = "Steps between lines of the log (${DEFAULT-VALUE}).")
  int logEvery = 50;

  @Option(
      names = "--sample-every",
      defaultValue = "1000",
      paramLabel = "STEPS",
      description = "Steps between measurements and sample sheets (${DEFAULT-VALUE}).")
  int sampleEvery = 1000;
}
