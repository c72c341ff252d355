package io.diptych.image;

import static io.diptych.image.Samples.BOTTOM_LEFT;
import static io.diptych.image.Samples.BOTTOM_RIGHT;
import static io.diptych.image.Samples.HEIGHT;
import static io.diptych.image.Samples.TOP_LEFT;
import static io.diptych.image.Samples.TOP_RIGHT;
import static io.diptych.image.Samples.WIDTH;
import static io.diptych.image.Samples.adobeSegment;
import static io.diptych.image.Samples.afterStart;
import static io.diptych.image.Samples.bytes;
import static io.diptych.image.Samples.concat;
import static io.diptych.image.Samples.exifSegment;
import static io.diptych.image.Samples.fourComponentJpeg;
import static io.diptych.image.Samples.iccp;
import static io.diptych.image.Samples.jpeg;
import static io.diptych.image.Samples.latin1;
import static io.diptych.image.Samples.linearProfile;
import static io.diptych.image.Samples.pngWith;
import static io.diptych.image.Samples.resource;
import static io.diptych.image.Samples.segment;
import static io.diptych.image.Samples.tiff;
import static io.diptych.image.Samples.uniformPng;
import static io.diptych.image.Samples.withoutJfif;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.diptych.image.ImageRefusedException.Reason;
import io.diptych.image.Samples.Chunk;
import java.awt.Color;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageIntakeTest {

  private static final ImageIntake INTAKE = new ImageIntake(IntakeLimits.DEFAULT);

  @AfterAll
  static void close() {
    INTAKE.close();
  }

  @Test
  void aJpegComesOutAsTheSamePicture() {
    BufferedImage image = INTAKE.take(jpeg()).pixels();

    assertQuarters(image, TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT, BOTTOM_RIGHT);
  }

  @Test
  void digestsAreThoseOfTheBytesSentAndTheBytesKept() throws Exception {
    byte[] upload = jpeg();

    IntakeImage taken = INTAKE.take(upload);

    assertThat(taken.source().sha256()).isEqualTo(sha256(upload));
    assertThat(taken.sha256()).isEqualTo(sha256(taken.png()));
    assertThat(taken.source())
        .isEqualTo(
            new IntakeImage.Source(
                SourceFormat.JPEG, WIDTH, HEIGHT, upload.length, sha256(upload)));
  }

  @Test
  void thePictureKeptIsTakenInAgainUnchanged() {
    IntakeImage once = INTAKE.take(resource("lossy.webp"));

    IntakeImage twice = INTAKE.take(once.png());

    assertThat(twice.png()).isEqualTo(once.png());
  }

  /**
   * The corners of the upright picture, clockwise from top left, as positions in the stored one.
   */
  @ParameterizedTest(name = "orientation {0}")
  @CsvSource({
    "1, TL TR BL BR", "2, TR TL BR BL", "3, BR BL TR TL", "4, BL BR TL TR",
    "5, TL BL TR BR", "6, BL TL BR TR", "7, BR TR BL TL", "8, TR BR TL BL"
  })
  void exifOrientationIsAppliedToJpeg(int orientation, String corners) {
    byte[] upload = afterStart(jpeg(), exifSegment(tiff(0x0112, orientation)));

    BufferedImage upright = INTAKE.take(upload).pixels();

    Color[] expected =
        List.of(corners.split(" ")).stream().map(ImageIntakeTest::corner).toArray(Color[]::new);
    assertQuarters(upright, expected);
  }

  @Test
  void exifOrientationIsAppliedToPng() {
    byte[] upload = pngWith(new Chunk("eXIf", tiff(0x0112, 6)));

    assertQuarters(INTAKE.take(upload).pixels(), BOTTOM_LEFT, TOP_LEFT, BOTTOM_RIGHT, TOP_RIGHT);
  }

  @Test
  void nothingTheFileSaidAboutItselfSurvives() {
    byte[] secret = latin1("latitude 32.0853");
    byte[] upload =
        concat(
            afterStart(
                jpeg(),
                exifSegment(concat(tiff(0x0112, 1), secret)),
                segment(0xE1, latin1("http://ns.adobe.com/xap/1.0/\0"), secret),
                segment(0xED, latin1("Photoshop 3.0\0"), secret),
                segment(0xFE, secret)),
            secret);

    byte[] kept = INTAKE.take(upload).png();

    assertThat(Samples.indexOf(kept, secret)).isNegative();
    assertThat(PngFile.text(kept)).isEmpty();
  }

  @ParameterizedTest(name = "{0}-bit gray {1} becomes {2}")
  @CsvSource({"8, 200, 200", "16, 51400, 200", "16, 128, 0", "16, 129, 1", "16, 65535, 255"})
  void grayIsTakenAsSrgbIntensity(int depth, int sample, int expected) {
    byte[] pixel = depth == 8 ? bytes(sample) : bytes(sample >>> 8, sample);

    assertUniform(uniformPng(depth, 0, pixel), new Color(expected, expected, expected), 0);
  }

  @Test
  void sixteenBitsAreRoundedToEight() {
    byte[] pixel = bytes(0xC8, 0xC8, 0x01, 0x00, 0x7F, 0xFF);

    assertUniform(uniformPng(16, 2, pixel), new Color(200, 1, 127), 0);
  }

  @Test
  void alphaIsComposedOnWhite() {
    assertUniform(uniformPng(8, 6, bytes(255, 0, 0, 0)), Color.WHITE, 0);
    assertUniform(uniformPng(8, 6, bytes(255, 0, 0, 51)), new Color(255, 204, 204), 0);
    assertUniform(uniformPng(8, 4, bytes(0, 51)), new Color(204, 204, 204), 0);
    assertUniform(
        uniformPng(16, 6, bytes(0, 0, 0, 0, 0, 0, 0x33, 0x33)), new Color(204, 204, 204), 0);
  }

  @Test
  void aTransparentColourIsComposedOnWhite() {
    byte[] black = bytes(10, 20, 30);
    Chunk transparent = new Chunk("tRNS", bytes(0, 10, 0, 20, 0, 30));

    assertUniform(uniformPng(8, 2, black, transparent), Color.WHITE, 0);
    assertUniform(uniformPng(8, 2, bytes(10, 20, 31), transparent), new Color(10, 20, 31), 0);
  }

  @Test
  void aPaletteIsExpandedWithItsTransparency() {
    Chunk palette = new Chunk("PLTE", bytes(0, 0, 0, 0, 0, 200));
    Chunk alpha = new Chunk("tRNS", bytes(255, 51));

    assertUniform(uniformPng(8, 3, bytes(1), palette, alpha), new Color(204, 204, 244), 0);
  }

  @Test
  void aLinearColourProfileIsConvertedToSrgb() {
    byte[] profile = linearProfile(ColorSpace.CS_LINEAR_RGB);
    byte[] upload = uniformPng(8, 2, bytes(128, 128, 128), iccp(profile));

    assertUniform(upload, new Color(188, 188, 188), 1);
  }

  @Test
  void aLinearGrayProfileIsConvertedToSrgb() {
    byte[] upload = uniformPng(8, 0, bytes(128), iccp(linearProfile(ColorSpace.CS_GRAY)));

    assertUniform(upload, new Color(188, 188, 188), 2);
  }

  @Test
  void aLinearColourProfileIsConvertedInJpegToo() {
    byte[] profile = linearProfile(ColorSpace.CS_LINEAR_RGB);
    BufferedImage gray = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        gray.setRGB(x, y, 0x808080);
      }
    }

    byte[] upload = afterStart(jpeg(gray, false), Samples.iccSegment(profile));

    assertUniform(upload, new Color(188, 188, 188), 2);
  }

  /** Adobe stores inks inverted: no cyan, all magenta, all yellow, no black is red. */
  @Test
  void cmykBecomesRgb() {
    byte[] upload = afterStart(fourComponentJpeg(255, 0, 0, 255), adobeSegment(0));

    assertUniform(upload, Color.RED, 40);
  }

  /** Y 179, Cb 171, Cr 1 is cyan as light: the complement of the inverted inks above. */
  @Test
  void ycckBecomesRgb() {
    byte[] upload = afterStart(fourComponentJpeg(179, 171, 1, 255), adobeSegment(2));

    assertUniform(upload, Color.RED, 40);
  }

  @Test
  void aJpegMarkedAsRgbIsNotConvertedFromYcc() {
    BufferedImage gray = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    byte[] black = withoutJfif(jpeg(gray, false));

    // Black is stored as (0, 128, 128), which is a colour when read as it stands.
    assertUniform(afterStart(black, adobeSegment(0)), new Color(0, 128, 128), 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lossy", "lossy-alpha", "lossless-alpha"})
  void webpLooksAsLibwebpShowsIt(String name) {
    BufferedImage ours = INTAKE.take(resource(name + ".webp")).pixels();
    BufferedImage theirs = INTAKE.take(resource(name + ".libwebp.png")).pixels();

    double meanError = meanError(ours, theirs);
    System.out.printf("webp %s: mean error %.2f of 255%n", name, meanError);
    // The decoder here does not smooth chroma, libwebp does; nothing else may differ.
    assertThat(meanError).isLessThan(name.startsWith("lossless") ? 0.001 : 2.5);
  }

  @Test
  void aLargePictureIsScaledDownToTheStoredSide() {
    BufferedImage large = new BufferedImage(3000, 1500, BufferedImage.TYPE_INT_RGB);
    for (int x = 0; x < 3000; x++) {
      for (int y = 0; y < 1500; y++) {
        large.setRGB(x, y, x < 1500 ? 0xFF0000 : 0x0000FF);
      }
    }

    IntakeImage taken = INTAKE.take(PngFile.encode(large));

    assertThat(taken.width()).isEqualTo(2048);
    assertThat(taken.height()).isEqualTo(1024);
    assertThat(new Color(taken.pixels().getRGB(1000, 500))).isEqualTo(Color.RED);
    assertThat(new Color(taken.pixels().getRGB(1048, 500))).isEqualTo(Color.BLUE);
  }

  @Test
  void aStreamIsReadNoFurtherThanTheLimit() throws IOException {
    IntakeLimits limits = limits(1000, Duration.ofSeconds(20));
    long[] read = {0};
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            read[0]++;
            return 0xFF;
          }
        };

    try (ImageIntake small = new ImageIntake(limits)) {
      assertThat(reason(() -> small.take(endless))).isEqualTo(Reason.TOO_MANY_BYTES);
    }

    assertThat(read[0]).isLessThan(20_000);
  }

  @Test
  void aStreamWithinTheLimitIsTaken() throws IOException {
    assertThat(INTAKE.take(new ByteArrayInputStream(jpeg())).width()).isEqualTo(WIDTH);
  }

  @Test
  void decodingStopsWhenItsTimeIsOver() {
    // The second waits for the first to have ended, however busy the machine is.
    IntakeLimits limits = HostileCorpus.limits(Duration.ofMillis(1), 1, Duration.ofMinutes(1));
    try (ImageIntake hasty = new ImageIntake(limits)) {
      byte[] upload = PngFile.encode(new BufferedImage(4000, 4000, BufferedImage.TYPE_INT_RGB));

      assertThat(reason(() -> hasty.take(upload))).isEqualTo(Reason.TOO_SLOW);
      // The thread is free again: the next upload is answered, and with the same refusal.
      assertThat(reason(() -> hasty.take(upload))).isEqualTo(Reason.TOO_SLOW);
    }
  }

  @Test
  void anUploadThatFindsNoDecoderFreeIsToldToComeAgain() throws Exception {
    IntakeLimits limits = limits(20 << 20, Duration.ofSeconds(20));
    byte[] upload = PngFile.encode(new BufferedImage(4000, 4000, BufferedImage.TYPE_INT_RGB));
    ExecutorService clients = Executors.newFixedThreadPool(8);
    try (ImageIntake single = new ImageIntake(limits)) {
      CountDownLatch start = new CountDownLatch(1);
      List<Future<Reason>> answers =
          IntStream.range(0, 8)
              .mapToObj(
                  i ->
                      clients.submit(
                          () -> {
                            start.await();
                            return reasonOrNone(() -> single.take(upload));
                          }))
              .toList();
      start.countDown();

      int taken = 0;
      int busy = 0;
      for (Future<Reason> answer : answers) {
        Reason reason = answer.get();
        taken += reason == null ? 1 : 0;
        busy += reason == Reason.BUSY ? 1 : 0;
      }
      assertThat(taken).isPositive();
      assertThat(busy).isPositive();
      assertThat(taken + busy).isEqualTo(8);
    } finally {
      clients.shutdownNow();
    }
  }

  @Test
  void uploadsThatWaitForATurnAreNotRead() throws Exception {
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicLong read = new AtomicLong();
    InputStream slow =
        new FilterInputStream(new ByteArrayInputStream(jpeg())) {
          @Override
          public int read(byte[] target, int offset, int length) throws IOException {
            reading.countDown();
            awaitUninterruptibly(goOn);
            return super.read(target, offset, length);
          }
        };
    List<Thread> waiting = new ArrayList<>();
    AtomicInteger taken = new AtomicInteger();
    try (ImageIntake single = new ImageIntake(patient())) {
      Thread first = new Thread(() -> takeCounting(single, slow, taken));
      first.start();
      reading.await();
      for (int i = 0; i < 25; i++) {
        Thread client = new Thread(() -> takeCounting(single, counting(jpeg(), read), taken));
        client.start();
        waiting.add(client);
      }
      Awaitility.await()
          .until(() -> waiting.stream().allMatch(t -> t.getState() == Thread.State.TIMED_WAITING));

      assertThat(read).hasValue(0);
      goOn.countDown();
      first.join();
      for (Thread client : waiting) {
        client.join();
      }
      assertThat(taken).hasValue(26);
    } finally {
      goOn.countDown();
    }
  }

  @Test
  void anUploadThatBreaksOffGivesItsTurnBack() throws Exception {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("gone");
          }
        };
    try (ImageIntake single = new ImageIntake(patient())) {
      assertThatThrownBy(() -> single.take(broken)).isInstanceOf(IOException.class);
      assertThat(reason(() -> single.take(latin1("no picture"))))
          .isEqualTo(Reason.UNSUPPORTED_TYPE);

      assertThat(single.take(jpeg()).width()).isEqualTo(WIDTH);
    }
  }

  /** One at a time, and those behind it may wait. */
  private static IntakeLimits patient() {
    return HostileCorpus.limits(IntakeLimits.DEFAULT.decodeTime(), 1, Duration.ofMinutes(5));
  }

  private static void takeCounting(ImageIntake intake, InputStream upload, AtomicInteger taken) {
    try {
      intake.take(upload);
      taken.incrementAndGet();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream counting(byte[] upload, AtomicLong read) {
    return new FilterInputStream(new ByteArrayInputStream(upload)) {
      @Override
      public int read(byte[] target, int offset, int length) throws IOException {
        int bytes = super.read(target, offset, length);
        read.addAndGet(Math.max(0, bytes));
        return bytes;
      }
    };
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Every sample file, with bytes flipped and its end cut off, thousands of times. */
  @Test
  void mutatedFilesAreTakenOrRefusedButNeverFailOtherwise() {
    Random random = new Random(20_26);
    List<byte[]> seeds =
        List.of(
            jpeg(),
            jpeg(Samples.quarters(), true),
            afterStart(fourComponentJpeg(255, 0, 0, 255), adobeSegment(0)),
            Samples.png(),
            pngWith(iccp(linearProfile(ColorSpace.CS_LINEAR_RGB))),
            resource("lossy.webp"),
            resource("lossy-alpha.webp"),
            resource("lossless-alpha.webp"));
    int taken = 0;
    int refused = 0;
    for (int round = 0; round < 400; round++) {
      for (byte[] seed : seeds) {
        byte[] mutated = mutate(seed, random);
        Reason reason = reasonOrNone(() -> INTAKE.take(mutated));
        taken += reason == null ? 1 : 0;
        refused += reason == null ? 0 : 1;
      }
    }
    System.out.printf("%d mutated files: %d taken, %d refused%n", taken + refused, taken, refused);
    assertThat(refused).isPositive();
    assertThat(taken).isPositive();
  }

  private static byte[] mutate(byte[] seed, Random random) {
    byte[] mutated = seed.clone();
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      mutated[random.nextInt(mutated.length)] = (byte) random.nextInt();
    }
    boolean isPng = mutated.length > 8 && mutated[1] == 'P';
    if (isPng) {
      // With right checksums, so that the damage gets past them.
      return withRightChecksums(mutated);
    }
    return mutated;
  }

  private static byte[] withRightChecksums(byte[] png) {
    try {
      return PngFile.withText(png, Map.of());
    } catch (ImageRefusedException e) {
      return png;
    }
  }

  private interface Take {
    Object run() throws IOException;
  }

  private static Reason reason(Take take) {
    return catchThrowableOfType(ImageRefusedException.class, take::run).reason();
  }

  private static @Nullable Reason reasonOrNone(Take take) {
    try {
      take.run();
      return null;
    } catch (ImageRefusedException e) {
      return e.reason();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static IntakeLimits limits(long bytes, Duration time) {
    return new IntakeLimits(bytes, 25_000_000, 16_384, 32, 2_048, time, 1, Duration.ofMillis(1));
  }

  private static void assertUniform(byte[] upload, Color expected, int tolerance) {
    BufferedImage image = INTAKE.take(upload).pixels();
    assertClose(image, WIDTH / 2, HEIGHT / 2, expected, tolerance);
    assertClose(image, 0, 0, expected, tolerance);
  }

  /** Colours of the four quarters: top left, top right, bottom left, bottom right. */
  private static void assertQuarters(BufferedImage image, Color... colors) {
    int width = image.getWidth();
    int height = image.getHeight();
    for (int i = 0; i < 4; i++) {
      assertClose(
          image, width / 4 + i % 2 * width / 2, height / 4 + i / 2 * height / 2, colors[i], 6);
    }
  }

  private static void assertClose(
      BufferedImage image, int x, int y, Color expected, int tolerance) {
    Color actual = new Color(image.getRGB(x, y));
    int difference =
        Math.max(
            Math.abs(actual.getRed() - expected.getRed()),
            Math.max(
                Math.abs(actual.getGreen() - expected.getGreen()),
                Math.abs(actual.getBlue() - expected.getBlue())));
    assertThat(difference)
        .as("pixel (%d, %d) is %s, expected %s", x, y, actual, expected)
        .isLessThanOrEqualTo(tolerance);
  }

  private static double meanError(BufferedImage a, BufferedImage b) {
    long sum = 0;
    for (int y = 0; y < a.getHeight(); y++) {
      for (int x = 0; x < a.getWidth(); x++) {
        for (int shift = 0; shift < 24; shift += 8) {
          sum += Math.abs((a.getRGB(x, y) >> shift & 255) - (b.getRGB(x, y) >> shift & 255));
        }
      }
    }
    return sum / (3.0 * a.getWidth() * a.getHeight());
  }

  private static Color corner(String name) {
    return switch (name) {
      case "TL" -> TOP_LEFT;
      case "TR" -> TOP_RIGHT;
      case "BL" -> BOTTOM_LEFT;
      default -> BOTTOM_RIGHT;
    };
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
