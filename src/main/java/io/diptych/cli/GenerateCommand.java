package io.diptych.cli;

import io.diptych.engine.Backbone;
import io.diptych.engine.CheckedRequest;
import io.diptych.engine.Concept;
import io.diptych.engine.GenerationRequest;
import io.diptych.engine.Sampling;
import io.diptych.engine.csd.ConceptFile;
import io.diptych.image.PngFile;
import io.diptych.image.Provenance;
import io.diptych.image.ProvenanceMarker;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code generate PROMPT}. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    description = {
      "Makes pictures. {content} and {style} in the prompt stand for learned concepts:",
      "  generate 'a {content} on the beach'",
      "  generate 'a castle in {style} style'"
    })
final class GenerateCommand implements Callable<Integer> {

  private static final int BATCH = 8;

  @Parameters(paramLabel = "PROMPT", description = "What to draw.")
  private String prompt = "";

  @Option(
      names = "--content",
      paramLabel = "FILE",
      defaultValue = "concept.safetensors",
      description = "The concept for {content} (${DEFAULT-VALUE}).")
  private Path content = Path.of("concept.safetensors");

  @Option(
      names = "--style",
      paramLabel = "FILE",
      defaultValue = "concept.safetensors",
      description = "The concept for {style}, may be another one (${DEFAULT-VALUE}).")
  private Path style = Path.of("concept.safetensors");

  @Option(names = "--count", defaultValue = "1", description = "Pictures (${DEFAULT-VALUE}).")
  private int count;

  @Option(names = "--seed", defaultValue = "0", description = "Seed (${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--guidance", description = "Guidance scale; default: the model's.")
  private @Nullable Double guidance;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      defaultValue = ".",
      description = "Folder for the PNGs (${DEFAULT-VALUE}).")
  private Path out = Path.of(".");

  @Mixin private final ModelOptions model = new ModelOptions();

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    if (count < 1) {
      throw refusal("--count is " + count + " but must be at least 1.");
    }
    refuseWithoutSlot("--content", GenerationRequest.CONTENT_SLOT);
    refuseWithoutSlot("--style", GenerationRequest.STYLE_SLOT);
    Concept contentConcept = prompt.contains(GenerationRequest.CONTENT_SLOT) ? read(content) : null;
    Concept styleConcept = prompt.contains(GenerationRequest.STYLE_SLOT) ? read(style) : null;
    try (Backbone backbone = model.load()) {
      Sampling sampling = backbone.defaultSampling();
      if (guidance != null) {
        sampling = sampling.withGuidanceScale(guidance);
      }
      CheckedRequest request =
          backbone.check(
              new GenerationRequest(prompt, contentConcept, styleConcept, seed, 0, sampling));
      List<CheckedRequest> requests = IntStream.range(0, count).mapToObj(request::ofImage).toList();
      Files.createDirectories(out);
      try (ProgressBar bar =
          new ProgressBarBuilder()
              .setTaskName("Generating")
              .setInitialMax(count)
              .setUnit(" pictures", 1)
              .build()) {
        for (int from = 0; from < count; from += BATCH) {
          List<CheckedRequest> batch = requests.subList(from, Math.min(count, from + BATCH));
          List<BufferedImage> pictures = backbone.generate(batch, () -> false);
          for (int i = 0; i < pictures.size(); i++) {
            write(pictures.get(i), batch.get(i).request(), backbone);
            bar.step();
          }
        }
      }
      System.out.printf(
          Locale.ROOT,
          "Wrote %d pictures of %d pixels to %s, seed %d.%n",
          count,
          backbone.info().resolution(),
          out,
          seed);
      return 0;
    }
  }

  private void refuseWithoutSlot(String option, String slot) {
    boolean given =
        Objects.requireNonNull(spec).commandLine().getParseResult().hasMatchedOption(option);
    if (given && !prompt.contains(slot)) {
      throw refusal(
          "%s is given, but the prompt has no slot %s for it. Write %s into the prompt, or leave %s out."
              .formatted(option, slot, slot, option));
    }
  }

  private ParameterException refusal(String message) {
    return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
  }

  private void write(BufferedImage picture, GenerationRequest request, Backbone backbone)
      throws Exception {
    Provenance provenance =
        new Provenance(
            "Diptych",
            null,
            request.seed(),
            request.imageIndex(),
            request.prompt(),
            null,
            null,
            backbone.info().name(),
            backbone.info().digest());
    byte[] png = ProvenanceMarker.pngText().mark(PngFile.encode(picture), provenance);
    String name = String.format(Locale.ROOT, "%d-%02d.png", request.seed(), request.imageIndex());
    Files.write(out.resolve(name), png);
  }

  private static Concept read(Path file) throws Exception {
    return ConceptFile.read(Files.readAllBytes(file));
  }
}
