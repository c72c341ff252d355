package io.diptych.engine.csd;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.RunControl;
import io.diptych.engine.StepReport;
import io.diptych.engine.TestModels;
import io.diptych.engine.backbone.SwittiBackbone;
import io.diptych.engine.program.LiveArrays;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsdRunMemoryTest {

  private static final int STEPS = 500;

  @Test
  void fiveHundredStepsLeaveArraysAndResidentMemoryFlat(@TempDir Path folder) {
    DecompositionOptions options =
        DecompositionOptions.of("fox", "watercolor", 3).toBuilder().stepsToTheEnd(STEPS).build();

    List<Long> arrays = new ArrayList<>();
    List<Long> residentMib = new ArrayList<>();
    try (SwittiBackbone backbone = TestModels.TINY.load(folder)) {
      backbone.decompose(
          TestModels.picture(80),
          options,
          new RunControl() {
            @Override
            public Directive afterStep(StepReport report) {
              if (report.step() % 100 == 0) {
                System.gc();
                arrays.add(LiveArrays.count(backbone.manager()));
                residentMib.add(residentMib());
              }
              return Directive.CONTINUE;
            }

            @Override
            public void checkpoint(int step, byte[] checkpoint) {}

            @Override
            public Optional<byte[]> resumeFrom() {
              return Optional.empty();
            }
          });
    }
    System.out.printf(
        "csd: after 100, 200, ... 500 steps: live arrays %s, resident MiB %s%n",
        arrays, residentMib);
    assertThat(arrays.get(4)).isPositive().isEqualTo(arrays.get(0));
    if (!residentMib.contains(-1L)) {
      assertThat(residentMib.get(4) - residentMib.get(1)).isLessThan(64);
    }
  }

  /** Resident memory of this process; -1 where the system does not say. */
  private static long residentMib() {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return -1;
    }
    try {
      return Files.readAllLines(status).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
          .findFirst()
          .orElse(-1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
