package io.diptych.cli;

import io.diptych.engine.Backbone;
import io.diptych.engine.backbone.SwittiBackbone;
import io.diptych.engine.csd.WordNetSubConcepts;
import io.diptych.engine.weights.ModelSource;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which model a command uses. */
final class ModelOptions {

  @Option(
      names = "--model",
      paramLabel = "LOCATION",
      defaultValue = "classpath:/models/pocket/",
      description = "A folder with model.json, or the model of the jar (${DEFAULT-VALUE}).")
  private String location = "classpath:/models/pocket/";

  @Option(
      names = "--device",
      defaultValue = "cpu",
      description = "cpu, or gpu0, gpu1, ... (${DEFAULT-VALUE}).")
  private String device = "cpu";

  @Option(
      names = "--cache",
      paramLabel = "DIR",
      description = "Where downloads and checks of model files are remembered (${DEFAULT-VALUE}).")
  private Path cache = Path.of(System.getProperty("user.home"), ".cache", "diptych");

  Backbone load() {
    ModelSource source = ModelSource.open(location, ModelSource.Settings.offline(cache));
    return SwittiBackbone.load(source, device, new WordNetSubConcepts());
  }
}
