package io.diptych.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.diptych.engine.EngineException;
import io.diptych.image.ImageRefusedException;
import io.diptych.pretrain.PretrainCommand;
import io.diptych.pretrain.PretrainException;
import io.diptych.pretrain.data.DatasetCommand;
import io.diptych.pretrain.data.DatasetException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Set;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The commands of the jar. */
@Command(
    name = "diptych",
    mixinStandardHelpOptions = true,
    versionProvider = CommandLineRunner.Version.class,
    description = "Takes a picture apart into content and style, and makes new ones from either.",
    subcommands = {
      DecomposeCommand.class,
      GenerateCommand.class,
      DatasetCommand.class,
      PretrainCommand.class
    })
public final class CommandLineRunner {

  private CommandLineRunner() {}

  /**
   * Whether these arguments are for the command line; otherwise they are for the service. The
   * service takes options of Spring alone, which begin with two dashes; a mistyped command must not
   * start it.
   */
  public static boolean handles(String[] arguments) {
    return arguments.length > 0
        && (!arguments[0].startsWith("--") || Set.of("--help", "--version").contains(arguments[0]));
  }

  /**
   * Runs a command.
   *
   * @return the exit code: 0, 1 when the work failed, 2 when the arguments are wrong
   */
  public static int run(String[] arguments) {
    ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
    return new CommandLine(new CommandLineRunner())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(
            (failure, commandLine, parsed) -> {
              commandLine.getErr().println(commandLine.getColorScheme().errorText(words(failure)));
              return commandLine.getCommandSpec().exitCodeOnExecutionException();
            })
        .execute(arguments);
  }

  /** The version in the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = CommandLineRunner.class.getPackage().getImplementationVersion();
      return new String[] {"Diptych " + (version == null ? "(not from a jar)" : version)};
    }
  }

  private static String words(Exception failure) {
    if (failure instanceof EngineException
        || failure instanceof ImageRefusedException
        || failure instanceof DatasetException
        || failure instanceof PretrainException) {
      return failure.getMessage();
    }
    if (failure instanceof NoSuchFileException missing) {
      return "There is no file " + missing.getFile() + ".";
    }
    if (failure instanceof AccessDeniedException denied) {
      return "No permission for the file " + denied.getFile() + ".";
    }
    if (failure instanceof IOException) {
      return "Reading or writing a file failed: " + failure.getMessage();
    }
    return "This should not have happened, please report it: " + failure;
  }
}
