package io.diptych.pretrain;

import io.diptych.engine.DecompositionOptions.Optimiser;
import io.diptych.engine.DecompositionOptions.Profile;
import io.diptych.engine.switti.SwittiArchitecture;
import io.diptych.engine.training.AverageExport;
import io.diptych.engine.training.FinishedModel;
import io.diptych.engine.vqvae.VqvaeArchitecture;
import io.diptych.engine.weights.ModelManifest.ScaleWeights;
import io.diptych.engine.weights.ModelSource;
import io.diptych.pretrain.data.Dataset;
import io.diptych.pretrain.data.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code pretrain export}: what ships. */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    description = "Writes the averaged weights of finished runs as shipped models, in F16.")
final class ExportCommand implements Callable<Integer> {

  private static final long MAXIMUM_FILE_BYTES = 16L << 20;
  private static final String LICENCE = "CC-BY-4.0";

  /** Pictures that the weights of scales are measured on. */
  private static final int STUDIED = 512;

  private static final Map<String, String> METADATA =
      Map.of("format", "pt", "licence", LICENCE, "attribution", "see ATTRIBUTION.md");

  @Option(names = "--vqvae", paramLabel = "DIR", description = "The tokenizer's run.")
  private @Nullable Path vqvae;

  @Option(names = "--switti", paramLabel = "DIR", description = "The transformer's run.")
  private @Nullable Path switti;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The backbone's directory (${DEFAULT-VALUE}).",
      defaultValue = "src/main/resources/models/pocket")
  private Path out = Path.of("src/main/resources/models/pocket");

  @Option(names = "--name", defaultValue = "pocket", description = "Name of the backbone.")
  private String name = "pocket";

  @Option(
      names = "--guidance",
      defaultValue = "6",
      description = "Guidance scale of requests that give none (${DEFAULT-VALUE}).")
  private double guidance = 6;

  @Option(
      names = "--learning-rate",
      defaultValue = "3e-4",
      description =
          "Learning rate of decompositions (${DEFAULT-VALUE}): at the authors' 1e-2, meant for CLIP,"
              + " rows of MiniLM are driven where the model has learned nothing.")
  private double learningRate = 3e-4;

  @Option(names = "--content-judge", paramLabel = "DIR", description = "The content judge's run.")
  private @Nullable Path contentJudge;

  @Option(names = "--style-judge", paramLabel = "DIR", description = "The style judge's run.")
  private @Nullable Path styleJudge;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "The data set, for names of things and styles.")
  private @Nullable Path data;

  @Option(
      names = "--judges-out",
      paramLabel = "DIR",
      description = "The judges' directory (${DEFAULT-VALUE}).",
      defaultValue = "src/main/resources/models/judges")
  private Path judgesOut = Path.of("src/main/resources/models/judges");

  @Override
  public Integer call() throws IOException {
    boolean backbone = vqvae != null && switti != null;
    boolean judges = contentJudge != null && styleJudge != null;
    if (data == null || !backbone && !judges) {
      throw new PretrainException(
          "Nothing to export: give --data with --vqvae and --switti, with --content-judge and"
              + " --style-judge, or with all four.");
    }
    ExportFolder backboneFolder = new ExportFolder(out, "model.json");
    ExportFolder judgesFolder = new ExportFolder(judgesOut, "judges.json");
    Dataset labels = Dataset.open(data, Split.VALIDATION);
    if (vqvae != null && switti != null) {
      exportBackbone(
          backboneFolder,
          vqvae.resolve("checkpoint.safetensors"),
          switti.resolve("checkpoint.safetensors"),
          labels);
    }
    if (contentJudge != null && styleJudge != null) {
      exportJudges(judgesFolder, contentJudge, styleJudge, labels);
    }
    return 0;
  }

  private void exportBackbone(
      ExportFolder folder, Path vqvaeCheckpoint, Path swittiCheckpoint, Dataset labels)
      throws IOException {
    VqvaeArchitecture tokenizer = CheckpointHeader.settings(vqvaeCheckpoint).vqvae();
    SwittiArchitecture transformer = CheckpointHeader.settings(swittiCheckpoint).switti();
    if (!tokenizer.sides().equals(transformer.sides())
        || tokenizer.codes() != transformer.codes()
        || tokenizer.latentChannels() != transformer.latentChannels()) {
      throw new PretrainException(
          swittiCheckpoint + " was not trained on the tokens of " + vqvaeCheckpoint + ".");
    }
    Pictures.requireSize(labels, tokenizer.resolution());
    long bytes =
        folder.replace(
            part -> {
              List<Path> tokenizerFiles =
                  AverageExport.write(vqvaeCheckpoint, part, "vqvae", METADATA, MAXIMUM_FILE_BYTES);
              List<Path> transformerFiles =
                  AverageExport.write(
                      swittiCheckpoint, part, "switti", METADATA, MAXIMUM_FILE_BYTES);
              ObjectNode manifest =
                  manifest(tokenizer, tokenizerFiles, transformer, transformerFiles, labels);
              writeMeasured(part, manifest, labels);
            });
    System.out.println("Wrote " + name + " to " + out + ": " + bytes / 1024 + " KiB");
  }

  private ObjectNode manifest(
      VqvaeArchitecture tokenizer,
      List<Path> tokenizerFiles,
      SwittiArchitecture transformer,
      List<Path> transformerFiles,
      Dataset labels)
      throws IOException {
    ObjectNode manifest = RunSettings.JSON.createObjectNode();
    manifest
        .put("name", name)
        .put("licence", LICENCE + ", see ATTRIBUTION.md")
        .put("resolution", tokenizer.resolution());
    array(manifest, "scales", tokenizer.sides());
    ObjectNode sizes = manifest.putObject("vqvae").put("channels", tokenizer.channels());
    array(sizes, "channelMultipliers", tokenizer.channelMultipliers());
    sizes
        .put("residualBlocks", tokenizer.residualBlocks())
        .put("zChannels", tokenizer.latentChannels())
        .put("vocabulary", tokenizer.codes())
        .put("grain", tokenizer.grain())
        .put("drawnLevels", tokenizer.drawnLevels());
    manifest
        .putObject("switti")
        .put("depth", transformer.depth())
        .put("width", transformer.width())
        .put("heads", transformer.heads())
        .put("textWidth", transformer.textWidth())
        .put("pooledWidth", transformer.pooledWidth())
        .put("ropeTheta", transformer.ropeTheta())
        .put("ropeSize", transformer.ropeSize())
        .put("causal", transformer.causal())
        .put("cropCondition", transformer.cropCondition());
    manifest
        .putArray("textEncoders")
        .addObject()
        .put("kind", "minilm")
        .put("layers", 6)
        .put("width", 384)
        .put("heads", 12)
        .put("feedForward", 1536)
        .put("vocabulary", 30522)
        .put("positions", 512)
        .put("maximumTokens", 128)
        .put("activation", "gelu")
        .put("layerNormEpsilon", 1e-12)
        .put("projectionWidth", 0);
    ObjectNode files = manifest.putObject("files");
    files(files.putArray("vqvae"), tokenizerFiles);
    files(files.putArray("switti"), transformerFiles);
    ArrayNode text = files.putArray("text.0");
    for (String file : List.of("all-minilm-l6-v2.onnx", "all-minilm-l6-v2-tokenizer.json")) {
      text.addObject().put("path", file).put("from", "classpath:/");
    }
    ObjectNode vocabulary = manifest.putObject("vocabulary");
    learned(vocabulary.putArray("content"), labels.things());
    learned(vocabulary.putArray("style"), labels.styles());
    ObjectNode defaults = manifest.putObject("defaults");
    defaults.putObject("sampling").put("guidanceScale", guidance);
    Optimiser usual = Optimiser.DEFAULT;
    ObjectNode decomposition = defaults.putObject("decomposition");
    decomposition
        .putObject("optimiser")
        .put("alpha", usual.alpha())
        .put("learningRate", learningRate)
        .put("warmUpSteps", usual.warmUpSteps())
        .put("weightDecay", usual.weightDecay())
        .put("clipNorm", usual.clipNorm())
        .put("conditionDropout", usual.conditionDropout());
    return manifest;
  }

  /** Writes a manifest beside its weights, with what they tell at every scale. */
  private static void writeMeasured(Path folder, ObjectNode manifest, Dataset labels)
      throws IOException {
    write(folder.resolve("model.json"), manifest);
    // What was written must load: names, shapes and digests are checked here.
    ModelSource.Settings unchecked =
        new ModelSource.Settings(List.of(), folder, null, ModelSource.Verification.NEVER);
    try (FinishedModel model =
        new FinishedModel(ModelSource.open(folder.toString(), unchecked), "cpu")) {
      ScaleWeights weights = new ScaleStudy(model, labels, STUDIED).measure();
      manifest.set("scaleWeights", RunSettings.JSON.valueToTree(weights));
    }
    // Only now, as a manifest must not refer to weights that it does not have.
    manifest.withObject("/defaults/decomposition").put("profile", Profile.MEASURED.name());
    write(folder.resolve("model.json"), manifest);
  }

  private void exportJudges(ExportFolder folder, Path content, Path style, Dataset labels)
      throws IOException {
    RunSettings contentSettings = judgeSettings(content, labels.things().size());
    RunSettings styleSettings = judgeSettings(style, labels.styles().size());
    long bytes =
        folder.replace(
            part -> {
              ObjectNode index = RunSettings.JSON.createObjectNode();
              index.put("resolution", labels.imageSize());
              index.put("licence", LICENCE + ", see ATTRIBUTION.md");
              index.set(
                  "content", judge(part, "content", content, contentSettings, labels.things()));
              index.set("style", judge(part, "style", style, styleSettings, labels.styles()));
              write(part.resolve("judges.json"), index);
            });
    System.out.println("Wrote the judges to " + judgesOut + ": " + bytes / 1024 + " KiB");
  }

  private static RunSettings judgeSettings(Path run, int classes) {
    RunSettings settings = CheckpointHeader.settings(run.resolve("checkpoint.safetensors"));
    if (settings.judge().classes() != classes) {
      throw new PretrainException(
          run
              + " names "
              + settings.judge().classes()
              + " classes, but the data set has "
              + classes
              + ".");
    }
    return settings;
  }

  private static ObjectNode judge(
      Path folder, String kind, Path run, RunSettings settings, List<Dataset.Label> labels)
      throws IOException {
    ObjectNode entry = RunSettings.JSON.createObjectNode();
    List<Path> files =
        AverageExport.write(
            run.resolve("checkpoint.safetensors"),
            folder,
            kind + "-judge",
            METADATA,
            MAXIMUM_FILE_BYTES);
    entry.put("file", files.get(0).getFileName().toString());
    array(entry, "widths", settings.judge().widths());
    ArrayNode names = entry.putArray("labels");
    for (Dataset.Label label : labels) {
      ObjectNode one = names.addObject().put("id", label.id()).put("name", label.name());
      if (label.heldOut()) {
        one.put("heldOut", true);
      }
    }
    return entry;
  }

  /** Names of what the transformer was shown. */
  private static void learned(ArrayNode names, List<Dataset.Label> labels) {
    labels.stream().filter(label -> !label.heldOut()).forEach(label -> names.add(label.name()));
  }

  private static void array(ObjectNode node, String name, List<Integer> values) {
    ArrayNode array = node.putArray(name);
    values.forEach(array::add);
  }

  private static void files(ArrayNode array, List<Path> files) throws IOException {
    for (Path file : files) {
      array
          .addObject()
          .put("path", file.getFileName().toString())
          .put("sha256", digest(file))
          .put("bytes", Files.size(file));
    }
  }

  private static String digest(Path file) throws IOException {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }

  private static void write(Path file, ObjectNode tree) throws IOException {
    Files.writeString(
        file, RunSettings.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(tree) + "\n");
  }
}
