package io.diptych.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.diptych.engine.training.Draws;
import io.diptych.engine.weights.Safetensors;
import io.diptych.engine.weights.SafetensorsWriter;
import io.diptych.evaluation.Judge;
import io.diptych.pretrain.data.Dataset;
import io.diptych.pretrain.data.Split;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Tiny models, trained for a few steps on eight-pixel pictures. */
class PretrainCommandTest {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int SIZE = 8;
  private static final List<String> TINY_VQVAE =
      List.of(
          "channelMultipliers=[1,1]",
          "sides=[1,2,4]",
          "latentChannels=4",
          "codes=16",
          "batch=8",
          "plainSteps=10",
          "reseedImages=8",
          "reseedEvery=12",
          "warmUp=2",
          "decayFrom=1000");
  private static final List<String> TINY_SWITTI =
      List.of(
          "sides=[1,2,4]",
          "latentChannels=4",
          "codes=16",
          "depth=2",
          "width=64",
          "heads=2",
          "batch=8",
          "warmUp=2",
          "decayFrom=1000");

  @TempDir private static Path root;
  private static Path data;

  @BeforeAll
  static void drawATinyDataSet() throws IOException {
    data = root.resolve("data");
    Files.createDirectories(data);
    ObjectNode index = JSON.createObjectNode().put("size", SIZE);
    index.put("encoding", "zlib-rgb-left-delta");
    labels(index.putArray("things"), "code", "square", "bar", "corner");
    labels(index.putArray("styles"), "id", "red", "blue");
    ObjectNode splits = index.putObject("splits");
    for (String split : List.of("train", "validation", "heldout-pairs")) {
      splits.set(split, split(split, split.equals("train") ? 48 : 16));
    }
    Files.writeString(data.resolve("dataset.json"), JSON.writeValueAsString(index));
  }

  private static void labels(ArrayNode list, String id, String... names) {
    for (String name : names) {
      list.addObject().put(id, name).put("name", name).put("heldOut", false);
    }
  }

  private static ObjectNode split(String name, int count) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int thing = i % 3;
      int style = i / 3 % 2;
      byte[] picture = encoded(thing, style, i);
      lines.add(
          JSON.writeValueAsString(
              JSON.createObjectNode()
                  .put("offset", bytes.size())
                  .put("length", picture.length)
                  .put("caption", List.of("a square", "a bar", "a corner").get(thing))
                  .put("thingIndex", thing)
                  .put("styleIndex", style)
                  .put("context", "plain")));
      bytes.writeBytes(picture);
    }
    Files.write(data.resolve(name + "-000.bin"), bytes.toByteArray());
    Files.write(data.resolve(name + "-000.jsonl"), lines);
    ObjectNode split = JSON.createObjectNode().put("count", count);
    split.putArray("shards").addObject().put("name", name + "-000").put("bytes", bytes.size());
    return split;
  }

  /** A red or blue shape on light noise. */
  private static byte[] encoded(int thing, int style, int seed) {
    int[] noise = Draws.below(seed, "noise", SIZE * SIZE, 40);
    byte[] delta = new byte[SIZE * SIZE * 3];
    for (int y = 0; y < SIZE; y++) {
      int[] left = new int[3];
      for (int x = 0; x < SIZE; x++) {
        boolean inside =
            switch (thing) {
              case 0 -> x >= 2 && x < 6 && y >= 2 && y < 6;
              case 1 -> y >= 3 && y < 5;
              default -> x < 3 || y < 3;
            };
        int light = 255 - noise[y * SIZE + x];
        int[] rgb = {light, light, light};
        if (inside) {
          rgb = style == 0 ? new int[] {200, 20, 20} : new int[] {20, 20, 200};
        }
        for (int c = 0; c < 3; c++) {
          delta[(y * SIZE + x) * 3 + c] = (byte) (rgb[c] - left[c]);
        }
        left = rgb;
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(out)) {
      deflater.write(delta);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  @Test
  void theTokenizersErrorFalls() throws IOException {
    Path run = trainVqvae("falls", 40);
    double first = figure(run, "squared", 0);
    double last = figure(run, "squared", -1);
    System.out.printf(
        "pretrain: tiny tokenizer, squared error %.3f in the first 5 steps, %.3f in the last 5%n",
        first, last);
    assertThat(last).isLessThan(first / 2);
    assertThat(run.resolve("samples/step-000000.png")).as("where it began").exists();
    assertThat(run.resolve("samples/step-000040.png")).exists();
  }

  @Test
  void theTransformersLossFalls() throws IOException {
    Path tokenizer = trainVqvae("tokenizer", 20, "grain=0");
    Path run = trainSwitti("switti", 60, tokenizer);
    double first = figure(run, "scale2", 0);
    double last = figure(run, "scale2", -1);
    System.out.printf(
        "pretrain: tiny transformer, cross-entropy of the last scale %.3f, then %.3f%n",
        first, last);
    assertThat(last).isLessThan(first - 0.5);
  }

  @Test
  void aResumedRunEqualsAnUninterruptedOne() throws IOException {
    Path whole = trainVqvae("whole", 20);
    Path parts = trainVqvae("parts", 13);
    trainVqvae("parts", 20);
    assertThat(Files.readAllBytes(parts.resolve("checkpoint.safetensors")))
        .isEqualTo(Files.readAllBytes(whole.resolve("checkpoint.safetensors")));
  }

  @Test
  void aDecoderThatLearnsAloneLeavesTheTokensAsTheyAre() throws IOException {
    Path whole = trainVqvae("before", 16);
    Path run = root.resolve("decoder");
    List<String> settings = List.of("decoderOnly=true", "rate=0.01");
    train("vqvae", run, 5, settings, "--from", whole.toString());
    try (Safetensors before = Safetensors.open(whole.resolve("checkpoint.safetensors"));
        Safetensors after = Safetensors.open(run.resolve("checkpoint.safetensors"))) {
      List<String> changed =
          before.tensors().keySet().stream()
              .filter(name -> name.startsWith("average."))
              .filter(name -> !Arrays.equals(before.floats(name), after.floats(name)))
              .toList();
      assertThat(changed)
          .contains("average.post_quant_conv.weight", "average.decoder.conv_out.weight")
          .allMatch(name -> name.matches("average\\.(post_quant_conv|decoder)\\..*"));
    }
  }

  @Test
  void aRunThatTrainedItsEncoderDoesNotBecomeOneOfTheDecoderAlone() {
    Path whole = trainVqvae("with-encoder", 2);
    String[] training = {"vqvae", "--data", data.toString(), "--run", whole.toString(), "--set"};
    assertThat(execute(1, and(training, "steps=3", "decoderOnly=true")))
        .contains("--from", "decoderOnly=false");
    Path decoder = root.resolve("of-decoder");
    train("vqvae", decoder, 2, List.of("decoderOnly=true"), "--from", whole.toString());
    train("vqvae", decoder, 3, List.of());
    Path untrained = root.resolve("of-nothing");
    initialise("vqvae", untrained.toString(), TINY_VQVAE);
    train("vqvae", untrained, 1, List.of("decoderOnly=true"));
  }

  @Test
  void aDiscriminatorChangesWhatTheDecoderLearnsAndIsNotExported() throws IOException {
    Path whole = trainVqvae("taught", 16);
    Path alone = root.resolve("alone");
    Path taught = root.resolve("with-discriminator");
    List<String> settings = List.of("decoderOnly=true", "rate=0.01");
    train("vqvae", alone, 8, settings, "--from", whole.toString());
    settings =
        List.of(
            "decoderOnly=true",
            "rate=0.01",
            "discriminator=2",
            "discriminatorPace=0.2",
            "discriminatorWarmUp=2");
    train("vqvae", taught, 5, settings, "--from", whole.toString());
    train("vqvae", taught, 8, settings); // resumed with its discriminator
    try (Safetensors before = Safetensors.open(whole.resolve("checkpoint.safetensors"));
        Safetensors without = Safetensors.open(alone.resolve("checkpoint.safetensors"));
        Safetensors with = Safetensors.open(taught.resolve("checkpoint.safetensors"))) {
      String decoder = "average.decoder.conv_out.weight";
      assertThat(Arrays.equals(with.floats(decoder), without.floats(decoder))).isFalse();
      String encoder = "average.encoder.conv_in.weight";
      assertThat(Arrays.equals(with.floats(encoder), before.floats(encoder))).isTrue();
      assertThat(with.tensors().keySet())
          .contains("average.discriminator.stages.0.verdict.weight", "average.quant_conv.weight");
    }
    assertThat(figure(taught, "hinge", -1)).isBetween(0.1, 3.0);
    Path run = trainSwitti("taught-switti", 1, taught);
    Path out = root.resolve("taught-pocket");
    execute(
        0,
        "export",
        "--vqvae",
        taught.toString(),
        "--switti",
        run.toString(),
        "--data",
        data.toString(),
        "--out",
        out.toString());
    try (Safetensors shipped = Safetensors.open(out.resolve("vqvae.safetensors"))) {
      assertThat(shipped.tensors().keySet())
          .contains("decoder.conv_out.weight")
          .noneMatch(name -> name.startsWith("discriminator"));
    }
  }

  @Test
  void aJudgeTeachesTexturesAndStaysAsItIs() throws IOException {
    Path whole = trainVqvae("perceived", 16);
    Path judge = trainTeacher("teacher");
    byte[] before = Files.readAllBytes(judge.resolve("checkpoint.safetensors"));
    for (boolean decoderOnly : new boolean[] {true, false}) {
      String setting = "decoderOnly=" + decoderOnly;
      Path alone = root.resolve("unperceived-" + decoderOnly);
      Path taught = root.resolve("with-judge-" + decoderOnly);
      List<String> settings = List.of(setting, "plainSteps=0", "rate=0.01");
      train("vqvae", alone, 5, settings, "--from", whole.toString());
      settings = List.of(setting, "plainSteps=0", "rate=0.01", "styleLoss=2");
      String[] from = {"--from", whole.toString(), "--judge", judge.toString()};
      train("vqvae", taught, 5, settings, from);
      try (Safetensors without = Safetensors.open(alone.resolve("checkpoint.safetensors"));
          Safetensors with = Safetensors.open(taught.resolve("checkpoint.safetensors"))) {
        String decoder = "average.decoder.conv_out.weight";
        assertThat(Arrays.equals(with.floats(decoder), without.floats(decoder))).isFalse();
        String encoder = "average.encoder.conv_in.weight";
        assertThat(Arrays.equals(with.floats(encoder), without.floats(encoder)))
            .isEqualTo(decoderOnly);
        assertThat(with.tensors().keySet()).isEqualTo(without.tensors().keySet());
      }
      assertThat(figure(alone, "style", -1)).isZero();
      assertThat(figure(taught, "style", -1)).isBetween(0.001, 2.0);
    }
    assertThat(Files.readAllBytes(judge.resolve("checkpoint.safetensors"))).isEqualTo(before);
  }

  @Test
  void aDecoderGoesOnWithTokensThatATransformerDrew() throws IOException {
    Path whole = trainVqvae("drawn-from", 16);
    Path switti = trainSwitti("drawing-switti", 2, whole);
    Path judge = trainTeacher("drawn-teacher");
    Path own = root.resolve("own-tokens");
    Path drawn = root.resolve("drawn-tokens");
    List<String> settings = List.of("decoderOnly=true", "rate=1e-3");
    train("vqvae", own, 5, settings, "--from", whole.toString());
    settings = List.of("decoderOnly=true", "rate=1e-3", "drawn=0.5", "drawnStyleLoss=2");
    String[] brought = {
      "--from", whole.toString(), "--switti", switti.toString(), "--judge", judge.toString()
    };
    train("vqvae", drawn, 5, settings, brought);
    assertThat(figure(drawn, "squared", 0)).isNotEqualTo(figure(own, "squared", 0));
    assertThat(figure(own, "style", 0)).isZero();
    assertThat(figure(drawn, "style", 0)).isBetween(0.001, 2.0);
    try (Safetensors before = Safetensors.open(own.resolve("checkpoint.safetensors"));
        Safetensors after = Safetensors.open(drawn.resolve("checkpoint.safetensors"))) {
      for (String tensor : List.of("quant_conv.weight", "quantize.embedding.weight")) {
        String name = "weights." + tensor;
        assertThat(after.floats(name)).as(tensor).isEqualTo(before.floats(name));
      }
      String decoder = "weights.decoder.conv_in.weight";
      assertThat(Arrays.equals(after.floats(decoder), before.floats(decoder))).isFalse();
    }
  }

  @Test
  void distillationReachesTheEncoderAndItsReaderIsNotShipped() throws IOException {
    Path whole = trainVqvae("undistilled", 16);
    Path judge = trainTeacher("distilled-teacher");
    Path alone = root.resolve("further");
    Path run = root.resolve("distilled");
    List<String> settings = List.of("plainSteps=0", "rate=0.01");
    train("vqvae", alone, 5, settings, "--from", whole.toString());
    settings = List.of("plainSteps=0", "rate=0.01", "distillation=1");
    String[] from = {"--from", whole.toString(), "--judge", judge.toString()};
    train("vqvae", run, 4, settings, from);
    train("vqvae", run, 5, List.of(), from); // goes on with its reader
    assertThat(figure(alone, "divergence", -1)).isZero();
    assertThat(figure(run, "divergence", -1)).isPositive();
    try (Safetensors without = Safetensors.open(alone.resolve("checkpoint.safetensors"));
        Safetensors with = Safetensors.open(run.resolve("checkpoint.safetensors"))) {
      String encoder = "average.encoder.conv_in.weight";
      assertThat(Arrays.equals(with.floats(encoder), without.floats(encoder))).isFalse();
      assertThat(with.tensors()).containsKey("average.reader.out.weight");
    }
    Path switti = trainSwitti("distilled-switti", 2, run);
    Path out = root.resolve("distilled-pocket");
    execute(
        0,
        "export",
        "--vqvae",
        run.toString(),
        "--switti",
        switti.toString(),
        "--data",
        data.toString(),
        "--out",
        out.toString());
    try (Safetensors shipped = Safetensors.open(out.resolve("vqvae.safetensors"))) {
      assertThat(shipped.tensors().keySet()).noneMatch(name -> name.startsWith("reader"));
    }
  }

  @Test
  void aTransformerMayStartFromAnothersWeights() throws IOException {
    Path tokenizer = trainVqvae("of-both", 2);
    Path first = trainSwitti("first-switti", 2, tokenizer);
    Path next = root.resolve("next-switti");
    String[] further = {"--vqvae", tokenizer.toString(), "--from", first.toString()};
    train("switti", next, 1, List.of("rate=1e-9"), further);
    assertStartsFrom(first, next, "head.weight");
  }

  @Test
  void aRunWithoutPlainStepsKeepsTheCodebookThatItStartsFrom() throws IOException {
    Path first = trainVqvae("placed", 16);
    Path next = root.resolve("placed-next");
    List<String> settings = List.of("plainSteps=0", "rate=1e-9");
    train("vqvae", next, 1, settings, "--from", first.toString());
    assertStartsFrom(first, next, "quantize.embedding.weight");
  }

  @Test
  void aDecoderMayGetGrainThatItsTokenizerHasNot() throws IOException {
    Path smooth = trainVqvae("smooth", 16, "grain=0");
    Path grained = root.resolve("grained");
    List<String> settings = List.of("decoderOnly=true", "rate=1e-9", "grain=2");
    train("vqvae", grained, 1, settings, "--from", smooth.toString());
    assertStartsFrom(smooth, grained, "decoder.conv_in.weight");
    String grain = "weights.decoder.up.0.grain.weight";
    try (Safetensors before = Safetensors.open(smooth.resolve("checkpoint.safetensors"));
        Safetensors after = Safetensors.open(grained.resolve("checkpoint.safetensors"))) {
      assertThat(before.tensors()).doesNotContainKey(grain);
      assertThat(after.tensors()).containsKey(grain);
    }
  }

  @Test
  void drawnLevelsBeginAsTheDecodersAndAreLearnedAlone() throws IOException {
    Path once = trainVqvae("once", 16);
    String ofBefore =
        Files.readString(once.resolve("run.json"))
            .replaceFirst(",\\s*\"drawnLevels\"\\s*:\\s*0", "");
    assertThat(ofBefore).doesNotContain("drawnLevels");
    Files.writeString(once.resolve("run.json"), ofBefore);
    Path twice = root.resolve("twice");
    List<String> settings = List.of("decoderOnly=true", "rate=1e-9", "drawnLevels=1");
    train("vqvae", twice, 1, settings, "--from", once.toString());
    assertStartsFrom(once, twice, "decoder.conv_in.weight");
    for (String end : List.of("up.0.block.0.conv1.weight", "norm_out.bias", "conv_out.weight")) {
      assertStartsFrom(once, "decoder." + end, twice, "decoder.drawn." + end);
    }
    train("vqvae", twice, 4, List.of("rate=1e-3"));
    try (Safetensors before = Safetensors.open(once.resolve("checkpoint.safetensors"));
        Safetensors after = Safetensors.open(twice.resolve("checkpoint.safetensors"))) {
      for (String weight : after.tensors().keySet()) {
        if (weight.startsWith("weights.") && !weight.startsWith("weights.decoder.drawn.")) {
          assertThat(after.floats(weight))
              .as(weight)
              .isEqualTo(before.floats(weight.replace("weights.", "average.")));
        }
      }
      String drawn = "decoder.drawn.conv_out.weight";
      float[] begun = before.floats("average.decoder.conv_out.weight");
      assertThat(Arrays.equals(after.floats("weights." + drawn), begun)).isFalse();
      assertThat(Arrays.equals(after.floats("average." + drawn), begun)).isFalse();
    }
  }

  /** Of a run whose rate is next to nothing. */
  private static void assertStartsFrom(Path first, Path next, String weight) {
    assertStartsFrom(first, weight, next, weight);
  }

  private static void assertStartsFrom(Path first, String origin, Path next, String weight) {
    try (Safetensors before = Safetensors.open(first.resolve("checkpoint.safetensors"));
        Safetensors after = Safetensors.open(next.resolve("checkpoint.safetensors"))) {
      assertThat(after.floats("weights." + weight))
          .containsExactly(before.floats("average." + origin), within(1e-6f));
    }
  }

  @Test
  void teachersWithoutWhatTheyNeedAreRefused() {
    assertThat(refusal("discriminator=1")).contains("decoderOnly=true");
    assertThat(refusal("styleLoss=1")).contains("--judge DIR");
    assertThat(refusal("distillation=0.5")).contains("--judge DIR");
    assertThat(refusal("decoderOnly=true", "distillation=1")).contains("decoderOnly=false");
    assertThat(refusal("drawn=0.25")).contains("decoderOnly=true");
    assertThat(refusal("drawnLevels=1")).contains("decoderOnly=true");
    assertThat(refusal("decoderOnly=true", "drawn=0.8")).contains("0.75 at most");
    assertThat(refusal("decoderOnly=true", "drawn=0.5")).contains("--switti DIR");
  }

  @Test
  void picturesOfAnotherSizeThanTheTokenizersAreRefused() {
    String pictures = data.toString();
    String tokenizer = root.resolve("larger").toString();
    String switti = root.resolve("larger-switti").toString();
    String out = root.resolve("larger-pocket").toString();
    initialise("vqvae", tokenizer, TINY_VQVAE, "--set", "channelMultipliers=[1,1,1]");
    initialise("switti", switti, TINY_SWITTI, "--vqvae", tokenizer);
    String[] training = {"switti", "--vqvae", tokenizer, "--data", pictures, "--run", out + "-run"};
    assertThat(refusal("steps=1", "sides=[1,2,4]", "channelMultipliers=[1,1,1]"))
        .contains("8 px", "16 px", "--size 16");
    assertThat(execute(1, training)).contains("8 px", "16 px", "--size 16");
    assertThat(export(1, Path.of(out), List.of(Path.of(tokenizer), Path.of(switti))))
        .contains("8 px", "16 px", "--size 16");
    assertThat(execute(1, "report", "--data", pictures, "--out", out)).contains("8 px", "64 px");
    assertThat(root.resolve("larger-pocket")).doesNotExist();
  }

  private String refusal(String... settings) {
    Path run = root.resolve("refused-" + String.join("-", settings));
    List<String> arguments =
        new ArrayList<>(
            List.of("vqvae", "--data", data.toString(), "--run", run.toString(), "--set"));
    arguments.addAll(List.of(settings));
    String told = execute(1, arguments.toArray(String[]::new));
    assertThat(run).doesNotExist();
    return told;
  }

  @Test
  void aRefusedCommandLeavesItsRunAsItWas() throws IOException {
    Path run = trainVqvae("unchanged", 2);
    String settings = Files.readString(run.resolve("run.json"));
    String[] training = {"vqvae", "--data", data.toString(), "--run", run.toString(), "--set"};
    String[] initial = {"init", "--model", "vqvae", "--run", run.toString(), "--set"};
    assertThat(execute(1, and(training, "codes=32"))).contains("quantize.embedding.weight");
    assertThat(execute(1, and(training, "discriminator=1"))).contains("decoderOnly=true");
    assertThat(execute(1, and(initial, "rate=0.5"))).contains("has a checkpoint already");
    assertThat(run.resolve("run.json")).hasContent(settings);
    trainVqvae("unchanged", 3);
  }

  @Test
  void aRunCannotStartFromSettingsThatAreNotThere() throws IOException {
    Path first = root.resolve("with-settings");
    initialise("vqvae", first.toString(), TINY_VQVAE);
    Path slim = Files.createDirectories(root.resolve("without-settings"));
    String checkpoint = "checkpoint.safetensors";
    Files.copy(first.resolve(checkpoint), slim.resolve(checkpoint));
    Path run = root.resolve("started-from-nothing");
    for (Path other : List.of(slim, root.resolve("typo"))) {
      String[] training = {"vqvae", "--data", data.toString(), "--run", run.toString(), "--from"};
      assertThat(execute(1, and(training, other.toString(), "--set", "steps=1")))
          .contains(other + " has no run.json");
      assertThat(run).doesNotExist();
    }
  }

  private static String[] and(String[] some, String... more) {
    return Stream.concat(Arrays.stream(some), Arrays.stream(more)).toArray(String[]::new);
  }

  @Test
  void theSeedAloneDecidesTheOutcome() throws IOException {
    byte[] one = Files.readAllBytes(trainVqvae("one", 6).resolve("checkpoint.safetensors"));
    byte[] same = Files.readAllBytes(trainVqvae("same", 6).resolve("checkpoint.safetensors"));
    byte[] other =
        Files.readAllBytes(trainVqvae("other", 6, "seed=2").resolve("checkpoint.safetensors"));
    assertThat(same).isEqualTo(one);
    assertThat(other).isNotEqualTo(one);
  }

  @Test
  void anExportLoadsAsAModel() throws IOException {
    Path tokenizer = trainVqvae("exported", 2);
    Path run = trainSwitti("exported-switti", 2, tokenizer);
    Path out = root.resolve("pocket");
    String told =
        execute(
            0,
            "export",
            "--vqvae",
            tokenizer.toString(),
            "--switti",
            run.toString(),
            "--data",
            data.toString(),
            "--out",
            out.toString());
    assertThat(told).isEmpty();
    assertThat(out).isDirectoryContaining("glob:**model.json");
    JsonNode manifest = JSON.readTree(Files.readString(out.resolve("model.json")));
    assertThat(manifest.path("resolution").asInt()).isEqualTo(SIZE);
    assertThat(manifest.path("files").path("switti").path(0).path("sha256").asString())
        .matches("[0-9a-f]{64}");
    assertThat(manifest.path("scaleWeights").path("style")).hasSameSizeAs(manifest.path("scales"));
    assertThat(manifest.path("defaults").path("decomposition").path("profile").asString())
        .isEqualTo("MEASURED");
    Dataset labels = Dataset.open(data, Split.VALIDATION);
    assertThat(manifest.path("vocabulary").path("style").valueStream().map(JsonNode::asString))
        .containsExactlyElementsOf(
            labels.styles().stream()
                .filter(style -> !style.heldOut())
                .map(Dataset.Label::name)
                .toList());
  }

  @Test
  void anExportReplacesItsOwnFilesAlone() throws IOException {
    Path out = Files.createDirectories(root.resolve("replaced/pocket"));
    String[] stale = {"switti-00001-of-00002.safetensors", "switti-00002-of-00002.safetensors"};
    ObjectNode old = JSON.createObjectNode();
    for (String shard : stale) {
      old.withArray("/files/switti").addObject().put("path", shard);
      Files.createFile(out.resolve(shard));
    }
    old.withArray("/files/switti").addObject().put("path", "../run.safetensors");
    Files.createFile(out.resolve("switti.safetensors.index.json"));
    Files.writeString(out.resolve("model.json"), JSON.writeValueAsString(old));
    for (String other : List.of("../run.safetensors", "features.safetensors", "features.json")) {
      Files.createFile(out.resolve(other));
    }
    export(0, out, untrained("replaced"));
    assertThat(out.toFile().list())
        .containsExactlyInAnyOrder(
            "model.json",
            "vqvae.safetensors",
            "switti.safetensors",
            "features.safetensors",
            "features.json");
    assertThat(root.resolve("replaced").toFile().list())
        .containsExactlyInAnyOrder("pocket", "run.safetensors");
    assertThat(JSON.readTree(Files.readString(out.resolve("model.json"))).has("scaleWeights"))
        .isTrue();
  }

  @Test
  void anExportThatFailsLeavesTheOldModel() throws IOException {
    Path out = Files.createDirectories(root.resolve("kept/pocket"));
    Files.writeString(out.resolve("model.json"), "{}");
    Files.writeString(out.resolve("switti.safetensors"), "old");
    List<Path> runs = untrained("kept");
    Path transformer = runs.get(1).resolve("checkpoint.safetensors");
    SafetensorsWriter empty = new SafetensorsWriter();
    empty.metadata("settings", CheckpointHeader.settings(transformer).json()).write(transformer);
    export(1, out, runs);
    assertThat(out.resolve("model.json")).hasContent("{}");
    assertThat(out.resolve("switti.safetensors")).hasContent("old");
    assertThat(root.resolve("kept").toFile().list()).containsExactly("pocket");
  }

  @Test
  void anExportIntoARunOrADataSetIsRefused() {
    List<Path> runs = untrained("spared");
    assertThat(export(1, runs.get(0), runs)).contains("run.json");
    assertThat(runs.get(0).resolve("checkpoint.safetensors")).exists();
    assertThat(export(1, data, runs)).contains("dataset.json");
    assertThat(data.resolve("dataset.json")).exists();
  }

  /** A tokenizer's run and a transformer's. */
  private static List<Path> untrained(String name) {
    Path tokenizer = root.resolve(name + "-tokenizer");
    Path transformer = root.resolve(name + "-transformer");
    initialise("vqvae", tokenizer.toString(), TINY_VQVAE);
    initialise("switti", transformer.toString(), TINY_SWITTI, "--vqvae", tokenizer.toString());
    return List.of(tokenizer, transformer);
  }

  private static String export(int code, Path out, List<Path> runs) {
    String[] arguments = {
      "export",
      "--vqvae",
      runs.get(0).toString(),
      "--switti",
      runs.get(1).toString(),
      "--data",
      data.toString(),
      "--out",
      out.toString()
    };
    return execute(code, arguments);
  }

  @Test
  void anExportedJudgeNamesStyles() throws IOException {
    Path style = trainJudge("style");
    Path content = trainJudge("content");
    Path out = root.resolve("judges");
    execute(
        0,
        "export",
        "--style-judge",
        style.toString(),
        "--content-judge",
        content.toString(),
        "--data",
        data.toString(),
        "--judges-out",
        out.toString());
    List<BufferedImage> pictures = new ArrayList<>();
    Dataset validation = Dataset.open(data, Split.VALIDATION);
    for (int i = 0; i < validation.size(); i++) {
      pictures.addAll(Pictures.of(Pictures.planes(validation, i, 1), SIZE));
    }
    try (Judge judge = Judge.load(Judge.Kind.STYLE, out.toString(), "cpu")) {
      List<List<Judge.Answer>> answers = judge.judge(pictures, 2);
      for (int i = 0; i < pictures.size(); i++) {
        assertThat(answers.get(i)).hasSize(2);
        assertThat(answers.get(i).get(0).label().id())
            .isEqualTo(List.of("red", "blue").get(validation.get(i).style()));
        assertThat(answers.get(i).stream().mapToDouble(Judge.Answer::probability).sum())
            .isCloseTo(1, within(1e-6));
      }
    }
  }

  private static Path trainJudge(String kind) {
    Path run = root.resolve(kind + "-judge");
    List<String> settings =
        List.of("widths=[8,16]", "batch=16", "shift=1", "rate=0.01", "warmUp=2", "average=0.9");
    train("judges", run, 30, settings, "--kind", kind);
    return run;
  }

  @Test
  void aJudgeStartsWithTheNumberOfItsClasses() {
    Path run = root.resolve("judge-of-how-many");
    String[] initial = {"init", "--model", "judge", "--run", run.toString()};
    assertThat(execute(1, initial)).contains("--set classes=N");
    assertThat(run).doesNotExist();
    execute(0, and(initial, "--set", "classes=3"));
    assertThat(run.resolve("checkpoint.safetensors")).exists();
  }

  @Test
  void anUnknownSettingIsRefusedByName() {
    String told =
        execute(
            1,
            "vqvae",
            "--data",
            data.toString(),
            "--run",
            root.resolve("wrong").toString(),
            "--set",
            "channel=3");
    assertThat(told).contains("channel=3");
  }

  private static void initialise(String model, String run, List<String> settings, String... more) {
    List<String> arguments = new ArrayList<>(List.of("init", "--model", model, "--run", run));
    arguments.add("--set");
    arguments.addAll(settings);
    arguments.addAll(List.of(more));
    execute(0, arguments.toArray(String[]::new));
  }

  private static Path trainVqvae(String name, int steps, String... more) {
    Path run = root.resolve(name);
    train("vqvae", run, steps, Stream.concat(TINY_VQVAE.stream(), Arrays.stream(more)).toList());
    return run;
  }

  private static Path trainSwitti(String name, int steps, Path tokenizer) {
    Path run = root.resolve(name);
    train("switti", run, steps, TINY_SWITTI, "--vqvae", tokenizer.toString());
    return run;
  }

  private static Path trainTeacher(String name) {
    Path run = root.resolve(name);
    train("judges", run, 3, List.of("widths=[8,16]", "batch=4"), "--kind", "style");
    return run;
  }

  private static void train(
      String command, Path run, int steps, List<String> settings, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                command, "--data", data.toString(), "--run", run.toString(), "--log-every", "5"));
    arguments.addAll(List.of(more));
    arguments.add("--set");
    arguments.addAll(settings);
    arguments.add("steps=" + steps);
    execute(0, arguments.toArray(String[]::new));
  }

  private static String execute(int code, String... arguments) {
    StringWriter errors = new StringWriter();
    CommandLine commandLine = PretrainCommand.commandLine().setErr(new PrintWriter(errors, true));
    int found = commandLine.execute(arguments);
    assertThat(found).as(errors.toString()).isEqualTo(code);
    return errors.toString();
  }

  /** A figure of the log's lines that have it; index -1 is the last. */
  private static double figure(Path run, String name, int index) throws IOException {
    List<Double> values = new ArrayList<>();
    for (String text : Files.readAllLines(run.resolve("log.jsonl"))) {
      JsonNode line = JSON.readTree(text);
      if (line.has(name) && line.has("images")) {
        values.add(line.path(name).asDouble());
      }
    }
    return values.get(index < 0 ? values.size() + index : index);
  }
}
