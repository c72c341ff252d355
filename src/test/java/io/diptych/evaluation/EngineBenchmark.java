package io.diptych.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.GenerationRequest;
import io.diptych.engine.RunControl;
import io.diptych.engine.Sampling;
import io.diptych.engine.StepReport;
import io.diptych.engine.TestModels;
import io.diptych.engine.backbone.SwittiBackbone;
import io.diptych.engine.csd.Captions;
import io.diptych.engine.csd.ConceptText;
import io.diptych.engine.csd.CsdProgram;
import io.diptych.engine.program.Program;
import io.diptych.engine.sample.Sampler.TextCondition;
import io.diptych.engine.switti.Switti;
import io.diptych.engine.switti.SwittiArchitecture;
import io.diptych.engine.text.TextEncoder;
import io.diptych.engine.text.TextEncoders;
import io.diptych.engine.vqvae.TokenMaps;
import io.diptych.engine.vqvae.Vqvae;
import io.diptych.engine.vqvae.VqvaeArchitecture;
import io.diptych.engine.weights.ModelManifest;
import io.diptych.engine.weights.ModelSource;
import io.diptych.engine.weights.TensorFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the engine's time goes: {@code ./mvnw -Pbench verify}. Medians; the machine is noisy. */
@Tag("bench")
class EngineBenchmark {

  private static final TestModels WIDE =
      new TestModels(32, 1, 32, 4096, 2, 1920, 30, true, List.of(1, 2, 3, 4, 6, 9, 13, 18, 24, 32));

  @Test
  void pocketSized(@TempDir Path folder) {
    Figures figures =
        measure(
            "pocket size (depth 8, width 256, 10 scales to 16)",
            TestModels.POCKET,
            folder,
            24,
            7,
            List.of(1, 4, 8));
    assertThat(figures.programShare).isGreaterThan(0.95);
    System.out.printf(
        "bench:   batch 8 gives %.2f times the images per second of batch 1 (target 1.5)%n",
        figures.imagesPerSecond.get(2) / figures.imagesPerSecond.get(0));
  }

  @Test
  void fullWidth(@TempDir Path folder) {
    Figures figures =
        measure(
            "Switti-AR-512's width (1920, depth 2, 10 scales to 32)",
            WIDE,
            folder,
            4,
            1,
            List.of(1, 4, 8));
    assertThat(figures.programShare).isGreaterThan(0.95);
  }

  private record Figures(
      double stepMillis, double forwardMillis, double programShare, List<Double> imagesPerSecond) {}

  private static Figures measure(
      String name, TestModels model, Path folder, int steps, int runs, List<Integer> batches) {
    System.out.printf("bench: %s%n", name);
    Figures figures;
    double forward;
    try (SwittiBackbone backbone = model.load(folder)) {
      List<Double> images = new ArrayList<>();
      double[] step = steps(backbone, steps);
      for (int batch : batches) {
        long needed = batch * model.generationMib();
        if (needed > availableMib()) {
          System.out.printf(
              "bench:   generate, batch %d: left out, needs about %d MiB, and %d MiB are free%n",
              batch, needed, availableMib());
          continue;
        }
        double millis = median(runs, () -> backbone.generate(requests(batch)));
        images.add(1000.0 * batch / millis);
        System.out.printf(
            "bench:   generate, batch %d: %.0f ms, %.2f images/s%n",
            batch, millis, images.get(images.size() - 1));
      }
      figures = new Figures(step[0], 0, step[1], images);
    }
    forward = parts(folder, runs);
    System.out.printf(
        "bench:   step %.1f ms = %.2f forwards of %.1f ms (target at most 3);"
            + " %.1f %% inside programs (target 95), %.1f ms Java%n",
        figures.stepMillis,
        figures.stepMillis / forward,
        forward,
        100 * figures.programShare,
        figures.stepMillis * (1 - figures.programShare));
    System.out.printf("bench:   peak resident memory %d MiB%n", peakMib());
    return new Figures(figures.stepMillis, forward, figures.programShare, figures.imagesPerSecond);
  }

  /** Median step time (mean of style and content steps) and the share inside programs. */
  private static double[] steps(SwittiBackbone backbone, int steps) {
    DecompositionOptions options =
        backbone.defaultOptions("fox", "watercolor", 0).toBuilder().stepsToTheEnd(steps).build();

    List<Double> style = new ArrayList<>();
    List<Double> content = new ArrayList<>();
    List<Double> shares = new ArrayList<>();
    long[] before = {Program.nanosInPrograms()};
    backbone.decompose(
        TestModels.picture(256),
        options,
        new RunControl() {
          @Override
          public Directive afterStep(StepReport report) {
            long now = Program.nanosInPrograms();
            if (report.step() > steps / 6 + 2) { // token maps and warm-up are in the first ones
              (report.kind() == StepReport.Kind.STYLE ? style : content).add(report.millis());
              shares.add((now - before[0]) / 1e6 / report.millis());
            }
            before[0] = Program.nanosInPrograms();
            return Directive.CONTINUE;
          }

          @Override
          public void checkpoint(int step, byte[] checkpoint) {}

          @Override
          public Optional<byte[]> resumeFrom() {
            return Optional.empty();
          }
        });
    System.out.printf(
        "bench:   optimiser step: style %.1f ms, content %.1f ms%n",
        median(style), median(content));
    return new double[] {(median(style) + median(content)) / 2, median(shares)};
  }

  /** Encode, decode and a whole forward without gradients: two captions and all scales. */
  private static double parts(Path folder, int runs) {
    ModelSource source =
        ModelSource.open(folder.toString(), ModelSource.Settings.offline(folder.resolve("cache")));
    ModelManifest manifest = source.manifest();
    VqvaeArchitecture vqvaeSizes = VqvaeArchitecture.of(manifest);
    SwittiArchitecture sizes = SwittiArchitecture.of(manifest);
    try (NDManager manager = NDManager.newBaseManager();
        TensorFile vqvaeFile = source.weights("vqvae");
        TensorFile swittiFile = source.weights("switti");
        Vqvae vqvae =
            new Vqvae(
                vqvaeSizes,
                vqvaeSizes.tensors().load(vqvaeFile, manager, DataType.FLOAT32),
                manager);
        Switti switti =
            new Switti(
                sizes, sizes.tensors().load(swittiFile, manager, DataType.FLOAT32), manager)) {
      List<TextEncoder> encoders = TextEncoders.load(source, manager, DataType.FLOAT32);
      CsdProgram csd = new CsdProgram(manifest.scales(), manager);
      ConceptText text = new ConceptText(encoders, csd, manager);
      NDArray picture = vqvae.fit(manager, TestModels.picture(256));
      NDArray latent = vqvae.encode(manager, picture);
      System.out.printf(
          "bench:   encode %.1f ms, quantise %.1f ms, decode %.1f ms%n",
          median(runs, () -> in(manager, scope -> vqvae.encode(scope, picture))),
          median(runs, () -> in(manager, scope -> vqvae.quantize(scope, latent))),
          median(runs, () -> in(manager, scope -> vqvae.decode(scope, latent))));
      TokenMaps maps = vqvae.quantize(manager, latent);
      Captions captions = Captions.of(DecompositionOptions.of("fox", "watercolor", 0));
      int last = sizes.sides().size() - 1;
      NDArray tokens = csd.join(manager, maps.scales(), 1);
      NDArray weights = manager.ones(tokens.getShape()).get(0);
      double forward =
          median(
              runs,
              () ->
                  in(
                      manager,
                      scope -> {
                        TextCondition style = encode(scope, text, captions.styleSlot());
                        TextCondition full =
                            encode(scope, text, captions.contentSlot() + captions.styleSlot());
                        Switti.Prepared prepared =
                            switti.prepare(
                                scope, style.context(), null, full.pooled(), null, false);
                        NDArray logits =
                            switti
                                .teacherForced(
                                    scope,
                                    prepared,
                                    maps.teacherForcingInput(),
                                    0,
                                    last,
                                    null,
                                    false)
                                .logits();
                        csd.loss(scope, logits, tokens, weights, 0);
                      }));
      encoders.forEach(TextEncoder::close);
      return forward;
    }
  }

  private static TextCondition encode(NDManager scope, ConceptText text, String prompt) {
    ConceptText.Caption caption =
        text.caption(
            scope, text.tokenize("A " + prompt.replace("<", "").replace(">", ""), List.of()), 0, 0);
    List<NDArray> noRows = List.of(scope.zeros(new Shape(1, 384)));
    return text.encode(scope, caption, noRows, null, false);
  }

  private interface Work {
    void run(NDManager scope);
  }

  private static void in(NDManager manager, Work work) {
    try (NDManager scope = manager.newSubManager()) {
      work.run(scope);
    }
  }

  private static List<GenerationRequest> requests(int batch) {
    Sampling sampling = new Sampling(3, 0, Sampling.OFF, 400, 0.95, Sampling.OFF, 1, false);
    return IntStream.range(0, batch)
        .mapToObj(i -> new GenerationRequest("a fox on the beach", null, null, 1, i, sampling))
        .toList();
  }

  private static double median(int runs, Runnable work) {
    work.run();
    List<Double> millis = new ArrayList<>();
    for (int i = 0; i < runs; i++) {
      long start = System.nanoTime();
      work.run();
      millis.add((System.nanoTime() - start) / 1e6);
    }
    return median(millis);
  }

  private static double median(List<Double> values) {
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    return sorted.get(sorted.size() / 2);
  }

  private static long peakMib() {
    return mib("/proc/self/status", "VmHWM:");
  }

  private static long availableMib() {
    return mib("/proc/meminfo", "MemAvailable:");
  }

  private static long mib(String file, String field) {
    try {
      return Files.readAllLines(Path.of(file)).stream()
          .filter(line -> line.startsWith(field))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
          .findFirst()
          .orElse(-1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
