package io.diptych.cli;

import io.diptych.engine.Backbone;
import io.diptych.engine.Concept;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.DecompositionOptions.Profile;
import io.diptych.engine.DecompositionOptions.Rectification;
import io.diptych.engine.RunControl;
import io.diptych.engine.StepReport;
import io.diptych.engine.csd.ConceptFile;
import io.diptych.image.ImageIntake;
import io.diptych.image.IntakeLimits;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
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

/** {@code decompose IMAGE [--content WORD] [--style WORD]}. */
@Command(
    name = "decompose",
    mixinStandardHelpOptions = true,
    description = "Learns the content and the style of one picture.")
final class DecomposeCommand implements Callable<Integer> {

  @Parameters(paramLabel = "IMAGE", description = "A JPEG, PNG or WebP file.")
  private Path image = Path.of("");

  @Option(
      names = "--content",
      paramLabel = "WORD",
      description = "What the picture shows, for example fox; default: found by the model.")
  private @Nullable String content;

  @Option(
      names = "--style",
      paramLabel = "WORD",
      description = "How it is drawn, for example watercolor; default: found by the model.")
  private @Nullable String style;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      defaultValue = "concept.safetensors",
      description = "Where the learned concept is written (${DEFAULT-VALUE}).")
  private Path out = Path.of("concept.safetensors");

  @Option(names = "--seed", defaultValue = "0", description = "Seed (${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--steps", description = "Optimisation steps; default: the model's.")
  private @Nullable Integer steps;

  @Option(names = "--tokens", description = "Learned rows per concept; default: the model's.")
  private @Nullable Integer tokens;

  @Option(names = "--profile", description = "${COMPLETION-CANDIDATES}; default: the model's.")
  private @Nullable Profile profile;

  @Option(names = "--rank", description = "Rank of the rectification; 0 switches it off.")
  private @Nullable Integer rank;

  @Option(
      names = "--sub-concepts",
      paramLabel = "FILE",
      description = "Lines that describe kinds of the content; default: from WordNet.")
  private @Nullable Path subConcepts;

  @Option(names = "--no-memory", description = "Without K-V memories.")
  private boolean noMemory;

  @Option(names = "--no-flip", description = "Never mirror the picture: for text and logos.")
  private boolean noFlip;

  @Mixin private final ModelOptions model = new ModelOptions();

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    checkOut();
    List<String> lines = subConcepts == null ? null : lines(subConcepts);
    BufferedImage picture;
    try (ImageIntake intake = new ImageIntake(IntakeLimits.DEFAULT);
        InputStream file = Files.newInputStream(image)) {
      picture = intake.take(file).pixels();
    }
    try (Backbone backbone = model.load()) {
      DecompositionOptions options = options(backbone.defaultOptions(content, style, seed), lines);
      backbone.validate(options);
      Concept concept;
      try (ProgressBar bar =
          new ProgressBarBuilder()
              .setTaskName("Decomposing")
              .setInitialMax(options.steps())
              .setUnit(" steps", 1)
              .setUpdateIntervalMillis(250)
              .build()) {
        concept = backbone.decompose(picture, options, following(bar));
      }
      write(ConceptFile.write(concept));
      System.out.printf(
          Locale.ROOT,
          "Wrote %s: content \"%s\", style \"%s\", model %s, loss %.3f at first, %.3f at last.%n",
          out,
          concept.metadata().options().contentWord(),
          concept.metadata().options().styleWord(),
          concept.metadata().backboneName(),
          concept.metadata().losses().get(0),
          concept.metadata().losses().get(concept.metadata().losses().size() - 1));
      return 0;
    }
  }

  /** Training takes long; that its end cannot be written must show before. */
  private void checkOut() {
    if (Files.isDirectory(out)) {
      throw wrong("--out " + out + " is a folder; it must name a file.");
    }
    Path folder = out.toAbsolutePath().getParent();
    while (folder != null && Files.notExists(folder)) {
      folder = folder.getParent(); // what is missing below will be made
    }
    if (folder == null || !Files.isDirectory(folder) || !Files.isWritable(folder)) {
      throw wrong("--out " + out + " cannot be written: " + folder + " takes no new files.");
    }
  }

  private List<String> lines(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file).stream().filter(l -> !l.isBlank()).toList();
    if (lines.isEmpty()) {
      throw wrong(
          "--sub-concepts " + file + " holds no lines. Without the option, WordNet gives them.");
    }
    return lines;
  }

  private ParameterException wrong(String message) {
    return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
  }

  private DecompositionOptions options(
      DecompositionOptions defaults, @Nullable List<String> givenLines) {
    Rectification rectification = defaults.rectification();
    if (rank != null && rank == 0) {
      rectification = null;
    } else if (rectification != null) {
      List<String> lines = givenLines == null ? rectification.subConcepts() : givenLines;
      rectification =
          new Rectification(
              rank == null ? rectification.rank() : rank, lines, rectification.space());
    }
    DecompositionOptions.Builder options =
        defaults.toBuilder()
            .seed(seed)
            .horizontalFlip(!noFlip && defaults.horizontalFlip())
            .rectification(rectification);
    if (noMemory) {
      options.memory(null);
    }
    if (profile != null) {
      options.profile(profile);
    }
    if (steps != null) {
      options.stepsToTheEnd(steps);
    }
    if (tokens != null) {
      options.tokens(tokens);
    }
    return options.build();
  }

  private static RunControl following(ProgressBar bar) {
    return new RunControl() {
      @Override
      public Directive afterStep(StepReport report) {
        bar.setExtraMessage(
            String.format(
                Locale.ROOT,
                "%s %.3f",
                report.kind().name().toLowerCase(Locale.ROOT),
                report.loss()));
        bar.step();
        return Directive.CONTINUE;
      }

      @Override
      public void checkpoint(int step, byte[] checkpoint) {}

      @Override
      public Optional<byte[]> resumeFrom() {
        return Optional.empty();
      }
    };
  }

  private void write(byte[] bytes) throws Exception {
    Files.createDirectories(out.toAbsolutePath().getParent());
    // Not a temporary file: those can be read by their owner alone.
    Path unfinished = out.resolveSibling(out.getFileName() + ".part");
    try {
      Files.write(unfinished, bytes);
      Files.move(
          unfinished, out, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }
}
