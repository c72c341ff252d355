package io.diptych.pretrain;

import io.diptych.engine.EngineException;
import io.diptych.pretrain.data.DatasetException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code pretrain}: makes the pocket backbone from a data set (see docs/pocket.md). */
@Command(
    name = "pretrain",
    mixinStandardHelpOptions = true,
    description = "Trains the pocket backbone and its judges, ships and measures them.",
    subcommands = {
      InitCommand.class,
      FeaturesCommand.class,
      VqvaeCommand.class,
      SwittiCommand.class,
      JudgesCommand.class,
      ExportCommand.class,
      ReportCommand.class
    })
public final class PretrainCommand {

  /** Runs the command alone. */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  /** The command with its manners: options without case, errors as one sentence. */
  public static CommandLine commandLine() {
    return new CommandLine(new PretrainCommand())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(
            (failure, commandLine, parsed) -> {
              if (failure instanceof PretrainException
                  || failure instanceof DatasetException
                  || failure instanceof EngineException) {
                commandLine.getErr().println(failure.getMessage());
                return 1;
              }
              throw failure;
            });
  }
}
