package io.diptych.decomposition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

class UploadRoomTest {

  private static final long MIB = 1 << 20;

  @Test
  void noMoreIsHeldAtOnceThanThereIsRoomFor() throws Exception {
    UploadRoom room = new UploadRoom(DataSize.ofMegabytes(50), Duration.ofMinutes(1));
    AtomicLong held = new AtomicLong();
    AtomicLong most = new AtomicLong();
    ExecutorService clients = Executors.newFixedThreadPool(25);
    try {
      List<Callable<Long>> uploads = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        long bytes = (1 + i % 20) * MIB;
        uploads.add(
            () ->
                room.holding(
                    bytes,
                    () -> {
                      most.accumulateAndGet(held.addAndGet(bytes), Math::max);
                      Thread.yield();
                      return held.addAndGet(-bytes);
                    }));
      }
      for (Future<Long> done : clients.invokeAll(uploads)) {
        done.get();
      }
    } finally {
      clients.shutdownNow();
    }

    assertThat(most.get()).isBetween(20 * MIB, 50 * MIB);
  }

  @Test
  void whatFindsNoRoomInTimeIsToldWhenToComeAgain() throws IOException {
    UploadRoom room = new UploadRoom(DataSize.ofMegabytes(1), Duration.ofMillis(10));

    ProblemException full =
        room.holding(
            MIB,
            () ->
                catchThrowableOfType(ProblemException.class, () -> room.holding(1, () -> "never")));

    assertThat(full.problem().type()).isEqualTo(ProblemType.QUEUE_FULL);
    assertThat(full.retryAfter()).isEqualTo(Duration.ofMillis(10));
    assertThat(room.holding(MIB, () -> "free again")).isEqualTo("free again");
  }

  @Test
  void whatIsLargerThanTheRoomIsLetInAlone() throws IOException {
    UploadRoom room = new UploadRoom(DataSize.ofMegabytes(1), Duration.ofMillis(10));

    assertThat(room.<String>holding(100 * MIB, () -> "in")).isEqualTo("in");
  }
}
