package io.diptych.pretrain;

import io.diptych.engine.training.CaptionEncoder;
import io.diptych.pretrain.data.Dataset;
import io.diptych.pretrain.data.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code pretrain features}: text features of every caption, for machines that train without Java.
 *
 * <p>The encoder reads no capitals, so captions are written once, in small letters.
 */
@Command(
    name = "features",
    mixinStandardHelpOptions = true,
    description = "Writes the text features of a data set's captions for tools/pretrain.py.")
final class FeaturesCommand implements Callable<Integer> {

  @Option(names = "--data", required = true, paramLabel = "DIR", description = "The data set.")
  private Path data = Path.of("data");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The features (safetensors); the captions go into a JSON file beside it.")
  private Path out = Path.of("features.safetensors");

  @Option(names = "--device", defaultValue = "cpu", description = "Where to compute.")
  private String device = "cpu";

  @Override
  public Integer call() throws IOException {
    Set<String> distinct = new TreeSet<>(Set.of(""));
    for (Split split : Split.values()) {
      Dataset dataset = Dataset.open(data, split);
      for (int i = 0; i < dataset.size(); i++) {
        distinct.add(dataset.caption(i).toLowerCase(Locale.ROOT));
      }
    }
    List<String> captions = new ArrayList<>(distinct);
    captions.sort(Comparator.comparingInt(String::length)); // stable: alphabetical within a length
    try (CaptionEncoder encoder = new CaptionEncoder(device)) {
      encoder.export(
          captions,
          out,
          done -> {
            if (done % 5120 == 0) {
              System.err.println(done + " of " + captions.size() + " captions");
            }
          });
    }
    String name = out.getFileName().toString().replaceFirst("\\.safetensors$", "") + ".json";
    Files.writeString(out.resolveSibling(name), RunSettings.JSON.writeValueAsString(captions));
    System.out.println("Wrote the features of " + captions.size() + " captions to " + out);
    return 0;
  }
}
