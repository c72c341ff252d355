package io.diptych.worker;

import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** A worker in a process of its own, for tests that kill it. Prints every step. */
public final class ChildWorker {

  private ChildWorker() {}

  /**
   * @param args URL, user, password, steps, after which step it computes no more (0 for none)
   */
  public static void main(String[] args) throws InterruptedException {
    HikariDataSource dataSource =
        WorkerFixture.pool(args[0], args[1], args[2], Duration.ofSeconds(5));
    int steps = Integer.parseInt(args[3]);
    int last = Integer.parseInt(args[4]);
    CountDownLatch ready = new CountDownLatch(1);
    FakeDecomposition runner =
        new FakeDecomposition(
            steps,
            (job, step) -> {
              ready.await(); // The signal that a step provokes finds the hook in place.
              Thread.sleep(20);
              System.out.println("step " + step);
              if (step == last) {
                new CountDownLatch(1).await();
              }
            });
    WorkerFixture worker =
        WorkerFixture.start(
            dataSource,
            WorkerFixture.decomposing(runner),
            WorkerFixture.settings("child"),
            WorkerFixture.WATCHFUL,
            LaneListener.NONE);
    Runtime.getRuntime().addShutdownHook(new Thread(worker::close));
    System.out.println("ready");
    ready.countDown();
    Thread.currentThread().join();
  }
}
