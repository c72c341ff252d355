package io.diptych.worker;

import org.springframework.context.SmartLifecycle;

/** Opens the lanes when everything else is up and drains them before anything else goes down. */
final class WorkerLifecycle implements SmartLifecycle {

  private final Worker worker;
  private volatile boolean running;

  WorkerLifecycle(Worker worker) {
    this.worker = worker;
  }

  @Override
  public void start() {
    worker.start();
    running = true;
  }

  @Override
  public void stop() {
    worker.drain();
    running = false;
  }

  @Override
  public void stop(Runnable done) {
    Thread drain =
        new Thread(
            () -> {
              stop();
              done.run();
            },
            "drain");
    drain.start();
  }

  @Override
  public boolean isRunning() {
    return running;
  }
}
