package io.diptych.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.image.HostileCorpus.Expected;
import io.diptych.image.HostileCorpus.Upload;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HostileCorpusTest {

  /** Prints the table that the documentation quotes; see {@link #main}. */
  @Test
  void everyUploadGetsTheDocumentedAnswerInTheDocumentedHeap() throws Exception {
    IntakeLimits limits = HostileCorpus.limits();
    long heap = limits.decodeThreads() * (2 * limits.maxBytes() + 12 * limits.maxPixels());
    long heapMiB = (heap >> 20) + 100;

    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heapMiB + "m",
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("java.class.path"),
                HostileCorpusTest.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(child.getInputStream().readAllBytes());
    System.out.println(output);

    assertThat(child.waitFor()).as("exit status of a JVM of %d MiB", heapMiB).isZero();
    assertThat(HostileCorpus.all()).hasSizeGreaterThanOrEqualTo(60);
    assertThat(HostileCorpus.all().stream().map(Upload::name)).doesNotHaveDuplicates();
  }

  /** Runs the corpus in a JVM of its own, so that its heap can be set. */
  public static void main(String[] args) throws IOException {
    List<String> wrong = new ArrayList<>();
    Map<String, Integer> totals = new TreeMap<>();
    long files;
    long filesAfter;
    long start = System.nanoTime();
    try (ImageIntake intake = new ImageIntake(HostileCorpus.limits())) {
      intake.take(Samples.jpeg());
      intake.take(Samples.png());
      intake.take(Samples.resource("lossy.webp"));
      files = openFiles();
      heapPools().forEach(MemoryPoolMXBean::resetPeakUsage);
      System.out.printf("%-56s %10s  %-36s %6s%n", "upload", "bytes", "answer", "ms");
      for (Upload upload : HostileCorpus.all()) {
        byte[] bytes = upload.bytes();
        long before = System.nanoTime();
        String answer = answer(intake, bytes);
        long millis = (System.nanoTime() - before) / 1_000_000;
        String expected = text(upload.expected());
        if (!answer.equals(expected)) {
          wrong.add(upload.name() + ": " + answer + " instead of " + expected);
        }
        totals.merge(answer.split(" ")[0], 1, Integer::sum);
        System.out.printf("%-56s %10d  %-36s %6d%n", upload.name(), bytes.length, answer, millis);
      }
      filesAfter = openFiles();
    }
    long peak = heapPools().stream().mapToLong(pool -> pool.getPeakUsage().getUsed()).sum();
    System.out.printf(
        "%d uploads in %d s: %s; wrong: %d%n",
        HostileCorpus.all().size(),
        (System.nanoTime() - start) / 1_000_000_000,
        totals,
        wrong.size());
    System.out.printf(
        "peak heap %d MiB of %d MiB; open files before %d, after %d%n",
        peak >> 20, Runtime.getRuntime().maxMemory() >> 20, files, filesAfter);
    wrong.forEach(System.out::println);
    System.exit(wrong.isEmpty() && filesAfter <= files ? 0 : 1);
  }

  private static String answer(ImageIntake intake, byte[] bytes) {
    try {
      IntakeImage image = intake.take(bytes);
      return "accepted " + image.width() + " x " + image.height();
    } catch (ImageRefusedException e) {
      return e.reason().problemType() + " " + e.reason();
    } catch (Throwable e) {
      return e.toString();
    }
  }

  private static String text(Expected expected) {
    if (expected instanceof Expected.Accepted accepted) {
      return "accepted " + accepted.width() + " x " + accepted.height();
    }
    ImageRefusedException.Reason reason = ((Expected.Refused) expected).reason();
    return reason.problemType() + " " + reason;
  }

  private static List<MemoryPoolMXBean> heapPools() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .collect(Collectors.toList());
  }

  /** Open file descriptors where the system lists them, else 0. */
  private static long openFiles() throws IOException {
    Path list = Path.of("/proc/self/fd");
    if (!Files.isDirectory(list)) {
      return 0;
    }
    try (Stream<Path> open = Files.list(list)) {
      return open.count();
    }
  }
}
