package io.diptych.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.image.HostileCorpus.Expected;
import io.diptych.image.HostileCorpus.Upload;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.util.FileSystemUtils;

class HostileCorpusTest {

  /** Many more than decode at once. */
  private static final int CLIENTS = 12;

  /** What is printed from here on says what went wrong. */
  private static final String SUMMARY = "Summary: ";

  /** Prints the table that the documentation quotes; see {@link #main}. */
  @Test
  void everyUploadGetsTheDocumentedAnswerInTheDocumentedHeap() throws Exception {
    IntakeLimits limits = HostileCorpus.limits();
    assertThat(limits.decodeThreads()).as("decoders side by side").isGreaterThan(1);
    long heapMiB = limits.decodeHeapBytes() >> 20;

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

    String summary = output.substring(Math.max(0, output.lastIndexOf(SUMMARY)));
    assertThat(child.waitFor())
        .as("exit status of a JVM of %d MiB, which said: %s", heapMiB, summary)
        .isZero();
    assertThat(HostileCorpus.all()).hasSizeGreaterThanOrEqualTo(60);
    assertThat(HostileCorpus.all().stream().map(Upload::name)).doesNotHaveDuplicates();
  }

  /** Runs the corpus in a JVM of its own, so that its heap can be set. */
  public static void main(String[] args) throws Exception {
    List<String> wrong = Collections.synchronizedList(new ArrayList<>());
    Map<String, Integer> totals = Collections.synchronizedMap(new TreeMap<>());
    // In files, where the server has them too; all of them would not fit into this heap.
    Path folder = Files.createTempDirectory("hostile");
    List<Upload> uploads = HostileCorpus.all();
    for (int i = 0; i < uploads.size(); i++) {
      Files.write(folder.resolve("" + i), uploads.get(i).bytes());
    }
    Path largest = folder.resolve("largest");
    Files.write(largest, largest());
    long files;
    long filesAfter;
    long start = System.nanoTime();
    try (ImageIntake intake = new ImageIntake(HostileCorpus.limits())) {
      intake.take(Samples.jpeg());
      intake.take(Samples.png());
      intake.take(Samples.resource("lossy.webp"));
      files = openFiles();
      heapPools().forEach(MemoryPoolMXBean::resetPeakUsage);
      takeLargest(largest, wrong);
      System.out.printf("%-56s %10s  %-36s %6s%n", "upload", "bytes", "answer", "ms");
      ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
      List<Future<?>> answers = new ArrayList<>();
      for (int i = 0; i < uploads.size(); i++) {
        Upload upload = uploads.get(i);
        Path file = folder.resolve("" + i);
        answers.add(
            clients.submit(
                () -> {
                  long before = System.nanoTime();
                  String answer = answer(intake, file);
                  long millis = (System.nanoTime() - before) / 1_000_000;
                  String expected = text(upload.expected());
                  if (!answer.equals(expected)) {
                    wrong.add(upload.name() + ": " + answer + " instead of " + expected);
                  }
                  totals.merge(answer.split(" ")[0], 1, Integer::sum);
                  System.out.printf(
                      "%-56s %10d  %-36s %6d%n",
                      upload.name(), file.toFile().length(), answer, millis);
                }));
      }
      for (Future<?> answer : answers) {
        answer.get();
      }
      clients.shutdown();
      filesAfter = openFiles();
    }
    long peak = heapPools().stream().mapToLong(pool -> pool.getPeakUsage().getUsed()).sum();
    System.out.printf(
        SUMMARY + "%d uploads in %d s: %s; wrong: %d%n",
        HostileCorpus.all().size(),
        (System.nanoTime() - start) / 1_000_000_000,
        totals,
        wrong.size());
    System.out.printf(
        "peak heap %d MiB of %d MiB; open files before %d, after %d%n",
        peak >> 20, Runtime.getRuntime().maxMemory() >> 20, files, filesAfter);
    wrong.forEach(System.out::println);
    FileSystemUtils.deleteRecursively(folder);
    System.exit(wrong.isEmpty() && filesAfter <= files ? 0 : 1);
  }

  /** Several clients with the largest picture there is. */
  private static void takeLargest(Path file, List<String> wrong) throws Exception {
    IntakeLimits limits = HostileCorpus.limits();
    ExecutorService clients = Executors.newCachedThreadPool();
    try (ImageIntake intake = new ImageIntake(limits)) {
      List<Future<String>> answers = new ArrayList<>();
      for (int i = 0; i < 2 * limits.decodeThreads(); i++) {
        answers.add(clients.submit(() -> answer(intake, file)));
      }
      for (Future<String> answer : answers) {
        if (!answer.get().equals("accepted 2048 x 2048")) {
          wrong.add("the largest picture: " + answer.get());
        }
      }
    } finally {
      clients.shutdown();
    }
  }

  /** As many pixels as are allowed, of eight bytes each, in about as many bytes as are allowed. */
  private static byte[] largest() {
    int side = (int) Math.sqrt(IntakeLimits.DEFAULT.maxPixels());
    int row = 1 + 8 * side;
    byte[] noise =
        new byte[Math.toIntExact((IntakeLimits.DEFAULT.maxBytes() - (1 << 20)) / row * row)];
    new Random(20_26).nextBytes(noise);
    for (int filter = 0; filter < noise.length; filter += row) {
      noise[filter] = 0;
    }
    return Samples.png(
        Samples.ihdr(side, side, 16, 6, 0),
        new Samples.Chunk(
            "IDAT", Samples.deflateZerosBehind(noise, (long) row * side - noise.length)),
        Samples.iend());
  }

  private static String answer(ImageIntake intake, Path file) {
    try (InputStream upload = Files.newInputStream(file)) {
      IntakeImage image = intake.take(upload);
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
