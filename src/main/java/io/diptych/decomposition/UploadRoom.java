package io.diptych.decomposition;

import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.springframework.util.unit.DataSize;

/**
 * The heap that uploads of this process may hold together, first come, first served. What finds no
 * room waits outside, unread; a slow store would otherwise fill the heap with what is to be stored.
 */
final class UploadRoom {

  private static final int UNIT = 1 << 10;

  private final int units;
  private final Semaphore free;
  private final Duration wait;

  /**
   * @param size of everything held at once; a single upload is let in however large it is
   * @param wait until an upload that finds no room is refused
   */
  UploadRoom(DataSize size, Duration wait) {
    this.units = Math.toIntExact(Math.min(Integer.MAX_VALUE, Math.max(1, size.toBytes() / UNIT)));
    this.free = new Semaphore(units, true);
    this.wait = wait;
  }

  /** Work that holds an upload until it returns. */
  interface Work<T> {
    T run() throws IOException;
  }

  /**
   * Does work that holds at most so many bytes.
   *
   * @throws ProblemException {@code queue-full} when there is no room in time
   */
  <T> T holding(long bytes, Work<T> work) throws IOException {
    int needed = (int) Math.min(units, Math.max(1, (bytes + UNIT - 1) / UNIT));
    enter(needed);
    try {
      return work.run();
    } finally {
      free.release(needed);
    }
  }

  private void enter(int needed) {
    try {
      if (!free.tryAcquire(needed, wait.toNanos(), TimeUnit.NANOSECONDS)) {
        throw full();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw full();
    }
  }

  private ProblemException full() {
    return new ProblemException(
            ProblemType.QUEUE_FULL,
            "Too many uploads are being taken in at the moment. Nothing was stored.")
        .retryAfter(wait);
  }
}
