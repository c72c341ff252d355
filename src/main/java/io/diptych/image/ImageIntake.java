package io.diptych.image;

import io.diptych.image.ImageRefusedException.Reason;
import io.diptych.image.IntakeImage.Source;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Takes uploads in: type by content, limits before pixels, a decode bounded in time and memory,
 * then a new upright sRGB picture. Nothing of the file itself survives; what followed the picture,
 * hid beside it or was told about it is gone.
 *
 * <p>Safe for any number of threads; at most {@link IntakeLimits#decodeThreads()} pictures are read
 * and decoded at once, the others wait their turn and hold nothing meanwhile.
 */
public final class ImageIntake implements AutoCloseable {

  /**
   * The guard counts processor time. By the clock a decode may take this many times as long, on a
   * machine that has others to serve; then we give up on it.
   */
  private static final int PATIENCE = 6;

  private final IntakeLimits limits;
  private final Semaphore turns;
  private final ExecutorService decoders;

  public ImageIntake(IntakeLimits limits) {
    this.limits = limits;
    this.turns = new Semaphore(limits.decodeThreads(), true);
    AtomicInteger number = new AtomicInteger();
    this.decoders =
        Executors.newFixedThreadPool(
            limits.decodeThreads(),
            task -> {
              Thread thread = new Thread(task, "image-intake-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  public IntakeLimits limits() {
    return limits;
  }

  /**
   * Waits for a turn, and only then reads: at most one byte more than the limit. The turn lasts
   * while the stream is read, so it should come from a file. Closing it is the caller's.
   *
   * @throws ImageRefusedException when the picture is not taken in
   * @throws IOException when the upload itself fails
   */
  public IntakeImage take(InputStream upload) throws IOException {
    takeTurn();
    byte[] bytes;
    try {
      bytes = upload.readNBytes((int) Math.min(Integer.MAX_VALUE - 8, limits.maxBytes() + 1));
    } catch (IOException | RuntimeException | Error e) {
      turns.release();
      throw e;
    }
    return inTurn(bytes);
  }

  /**
   * Checks, decodes and normalises one upload.
   *
   * @throws ImageRefusedException when the picture is not taken in
   */
  public IntakeImage take(byte[] upload) {
    takeTurn();
    return inTurn(upload);
  }

  /** The turn ends with the decode, or here if there is none. */
  private IntakeImage inTurn(byte[] upload) {
    Decode decode;
    Future<IntakeImage> result;
    try {
      if (upload.length > limits.maxBytes()) {
        throw new ImageRefusedException(
            Reason.TOO_MANY_BYTES,
            "The image is larger than "
                + limits.maxBytes()
                + " bytes. Send a smaller or more compressed one.");
      }
      decode = new Decode(upload, FormatSniffer.sniff(upload));
      result = decoders.submit(decode::run);
    } catch (RuntimeException | Error e) {
      turns.release();
      throw e;
    }
    return await(result, decode);
  }

  private void takeTurn() {
    try {
      if (!turns.tryAcquire(limits.queueWait().toNanos(), TimeUnit.NANOSECONDS)) {
        throw busy();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw busy();
    }
  }

  private IntakeImage await(Future<IntakeImage> result, Decode decode) {
    try {
      return result.get(limits.decodeTime().multipliedBy(PATIENCE).toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ImageRefusedException refused) {
        throw refused;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException("Image intake failed", e.getCause());
    } catch (TimeoutException e) {
      decode.stop();
      throw new ImageRefusedException(
          Reason.TOO_SLOW,
          "Decoding the image took too long and was stopped. Send a smaller image.",
          e);
    } catch (InterruptedException e) {
      decode.stop();
      Thread.currentThread().interrupt();
      throw busy();
    }
  }

  private static ImageRefusedException busy() {
    return new ImageRefusedException(
        Reason.BUSY, "Too many images are being read in at the moment. Try again in a while.");
  }

  @Override
  public void close() {
    decoders.shutdownNow();
  }

  /** One upload on a decoder thread. Its turn ends when the thread is free, not when we give up. */
  private final class Decode {

    private final byte[] upload;
    private final SourceFormat format;
    private volatile @Nullable DecodeGuard guard;

    Decode(byte[] upload, SourceFormat format) {
      this.upload = upload;
      this.format = format;
    }

    void stop() {
      DecodeGuard running = guard;
      if (running != null) {
        running.stop();
      }
    }

    IntakeImage run() {
      try {
        ScannedImage scanned =
            switch (format) {
              case JPEG -> JpegScanner.scan(upload);
              case PNG -> PngScanner.scan(upload);
              case WEBP -> WebpScanner.scan(upload);
            };
        checkSize(scanned);
        return normalise(scanned);
      } finally {
        turns.release();
      }
    }

    private void checkSize(ScannedImage scanned) {
      int width = scanned.width();
      int height = scanned.height();
      String size = "The image has " + width + " x " + height + " pixels; ";
      if (scanned.pixels() > limits.maxPixels()) {
        throw new ImageRefusedException(
            Reason.TOO_MANY_PIXELS,
            size + "at most " + limits.maxPixels() + " in all are accepted. Scale it down.");
      }
      if (Math.max(width, height) > limits.maxSide()) {
        throw new ImageRefusedException(
            Reason.TOO_MANY_PIXELS,
            size + "a side may have at most " + limits.maxSide() + ". Scale it down.");
      }
      if (Math.min(width, height) < limits.minSide()) {
        throw new ImageRefusedException(
            Reason.TOO_SMALL,
            size + "each side needs at least " + limits.minSide() + ". Send a larger one.");
      }
    }

    private IntakeImage normalise(ScannedImage scanned) {
      DecodeGuard guard = new DecodeGuard(limits.decodeTime(), scanned.pixels());
      this.guard = guard;
      Raster raster = PictureDecoder.decode(scanned, guard);
      BufferedImage stored = new SrgbConverter(scanned).convert(raster, limits.storedSide(), guard);
      BufferedImage upright = scanned.orientation().apply(stored);
      byte[] png = PngFile.encode(upright);
      return new IntakeImage(
          png,
          upright.getWidth(),
          upright.getHeight(),
          sha256(png),
          new Source(
              scanned.format(), scanned.width(), scanned.height(), upload.length, sha256(upload)));
    }
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
