package io.diptych.image;

import io.diptych.image.ImageRefusedException.Reason;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;

/**
 * Ends a decoder that computes too long or allocates too much. Decoders call it, without knowing,
 * by reading their input and writing their pixels; so it must be asked from the decoding thread.
 * Time is that thread's processor time: a busy machine must not refuse a sound picture.
 */
final class DecodeGuard {

  /** Looking at the clock costs more than the pixel it is looked at for. */
  private static final int CALLS_PER_LOOK = 512;

  /** Room for tables on top of what the picture's size explains; see ADR 0010. */
  private static final long TABLE_BYTES = 64L << 20;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final long startNanos = processorNanos();
  private final long limitNanos;
  private final AllocationMeter meter = AllocationMeter.ofThisThread();
  private final long startAllocated = meter.bytes();
  private final long allocationLimit;
  private int calls;
  private volatile boolean stopped;

  /**
   * @param time of the processor until {@link #check()} refuses
   * @param pixels of the picture to decode, to tell how much allocation is in proportion
   */
  DecodeGuard(Duration time, long pixels) {
    this.limitNanos = time.toNanos();
    this.allocationLimit = TABLE_BYTES + 12 * pixels;
  }

  /** Makes the next check refuse; from any thread. */
  void stop() {
    stopped = true;
  }

  boolean expired() {
    return stopped || processorNanos() - startNanos > limitNanos;
  }

  /** Of this thread; the clock's where the JVM cannot tell. */
  private static long processorNanos() {
    return THREADS.isCurrentThreadCpuTimeSupported()
        ? THREADS.getCurrentThreadCpuTime()
        : System.nanoTime();
  }

  /** Cheap enough to be called for every pixel. */
  void tick() {
    if (++calls % CALLS_PER_LOOK == 0) {
      check();
    }
  }

  /**
   * @throws ImageRefusedException when the time is over
   */
  void check() {
    if (expired()) {
      throw new ImageRefusedException(
          Reason.TOO_SLOW,
          "Decoding the image took longer than "
              + limitNanos / 1_000_000
              + " ms of processor time and was stopped. Send a smaller image, or save it anew.");
    }
  }

  /** Like {@link #tick()}, where the decoder builds tables whose size the input decides. */
  void tickWhileBuildingTables() {
    if (++calls % CALLS_PER_LOOK == 0) {
      check();
      if (meter.bytes() - startAllocated > allocationLimit) {
        throw new ImageRefusedException(
            Reason.BOMB,
            "The image's compression tables unpack to far more than its pixels. Save it anew.");
      }
    }
  }

  /** Bytes ever allocated by one thread, garbage included; always 0 where the JVM cannot tell. */
  private record AllocationMeter(com.sun.management.ThreadMXBean bean, long thread) {

    static AllocationMeter ofThisThread() {
      return new AllocationMeter(
          ManagementFactory.getPlatformMXBean(com.sun.management.ThreadMXBean.class),
          Thread.currentThread().getId());
    }

    long bytes() {
      boolean known = bean.isThreadAllocatedMemorySupported();
      return known ? Math.max(0, bean.getThreadAllocatedBytes(thread)) : 0;
    }
  }
}
