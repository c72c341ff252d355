package io.diptych.model;

import io.diptych.engine.Backbone;
import io.diptych.engine.EngineException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Loads the standard model on every device of the lanes, in the background: the process is alive
 * meanwhile, and ready when the first device has it.
 */
final class WarmUp implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(WarmUp.class);
  private static final Duration RETRY = Duration.ofSeconds(30);

  private final Models models;
  private final List<String> devices;
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicBoolean firstLoaded = new AtomicBoolean();
  private volatile boolean running;

  WarmUp(Models models, List<String> devices) {
    this.models = models;
    this.devices = devices.stream().distinct().toList();
  }

  @Override
  public synchronized void start() {
    running = true;
    firstLoaded.set(false);
    for (String device : devices) {
      Thread thread = new Thread(() -> load(device), "load-" + device);
      thread.setDaemon(true);
      thread.start();
      threads.add(thread);
    }
  }

  private void load(String device) {
    while (running) {
      try {
        long start = System.nanoTime();
        Backbone backbone = models.backbone(null, device);
        log.info(
            "Model {} is on {} after {} s.",
            backbone.info().name(),
            device,
            String.format(Locale.ROOT, "%.1f", (System.nanoTime() - start) / 1e9));
        if (firstLoaded.compareAndSet(false, true)) {
          fetchOthers();
        }
        return;
      } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
        log.error(
            "Model {} cannot be loaded on {}, so its lanes take no jobs. The next try is in {} s.",
            models.standard(),
            device,
            RETRY.toSeconds(),
            e);
        pause();
      }
    }
  }

  /** The run that needs one first would else wait for its download, and count as stuck. */
  private void fetchOthers() {
    for (String name : models.names()) {
      if (running && !name.equals(models.standard())) {
        try {
          models.fetch(name);
        } catch (EngineException e) {
          if (running) { // a stop interrupts downloads
            log.warn("Jobs of model {} will fail: {}", name, e.getMessage());
          }
        }
      }
    }
  }

  private void pause() {
    try {
      Thread.sleep(RETRY.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      running = false;
    }
  }

  /** Only those that wait for the next try: native loading is not to be interrupted. */
  @Override
  public synchronized void stop() {
    running = false;
    threads.stream()
        .filter(thread -> thread.getState() == Thread.State.TIMED_WAITING)
        .forEach(Thread::interrupt);
    threads.clear();
  }

  @Override
  public boolean isRunning() {
    return running;
  }
}
