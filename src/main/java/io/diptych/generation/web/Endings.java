package io.diptych.generation.web;

import io.diptych.generation.Generation;
import io.diptych.generation.Generations;
import io.diptych.http.problem.ProblemException;
import io.diptych.job.JobSignals;
import io.diptych.role.ConditionalOnApi;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Waits for the end of generations without holding a thread per request: a signal brings the news,
 * a look every second is the floor.
 */
@Component
@ConditionalOnApi
final class Endings implements SmartLifecycle {

  private static final long POLL_MILLIS = 1000;
  private static final int THREADS = 4;
  private static final int ANSWERS = 8;

  private final Generations generations;
  private final JobSignals signals;
  private final ScheduledThreadPoolExecutor pool;

  /** Answers read pictures, and the store may be slow; nobody who looks waits for that. */
  private final ExecutorService answers;

  private final Set<Wait> waits = ConcurrentHashMap.newKeySet();
  private volatile boolean running;

  Endings(Generations generations, JobSignals signals) {
    this.generations = generations;
    this.signals = signals;
    this.pool = new ScheduledThreadPoolExecutor(THREADS, daemons("generation-wait-"));
    pool.setRemoveOnCancelPolicy(true);
    this.answers = Executors.newFixedThreadPool(ANSWERS, daemons("generation-answer-"));
  }

  private static ThreadFactory daemons(String prefix) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, prefix + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  /**
   * The generation as it is when it ends, or when the patience does. What depends on an ended one
   * may take its time; on one that has not ended it must be quick.
   */
  CompletableFuture<Generation> await(String tenant, UUID id, Duration patience) {
    Wait wait = new Wait(tenant, id);
    waits.add(wait);
    JobSignals.Subscription subscription = signals.onChange(id, () -> pool.execute(wait::look));
    Future<?> poll = pool.scheduleWithFixedDelay(wait::look, 0, POLL_MILLIS, TimeUnit.MILLISECONDS);
    Future<?> end =
        pool.schedule(wait::giveUp, running ? patience.toMillis() : 0, TimeUnit.MILLISECONDS);
    wait.result.whenComplete(
        (generation, failure) -> {
          waits.remove(wait);
          subscription.close();
          poll.cancel(false);
          end.cancel(false);
        });
    return wait.result;
  }

  private final class Wait {
    private final String tenant;
    private final UUID id;
    private final CompletableFuture<Generation> result = new CompletableFuture<>();

    Wait(String tenant, UUID id) {
      this.tenant = tenant;
      this.id = id;
    }

    void look() {
      try {
        answer(false);
      } catch (RuntimeException databaseAway) {
        // The next look, or the end of the patience, tells.
      }
    }

    void giveUp() {
      try {
        answer(true);
      } catch (RuntimeException e) {
        result.completeExceptionally(e);
      }
    }

    private void answer(boolean inAnyCase) {
      if (result.isDone()) {
        return;
      }
      Optional<Generation> found = generations.find(tenant, id);
      if (found.isEmpty()) {
        result.completeExceptionally(ProblemException.notFound("generation", id));
      } else if (found.get().job().state().isFinal()) {
        answers.execute(() -> result.complete(found.get()));
      } else if (inAnyCase) {
        result.complete(found.get());
      }
    }
  }

  @Override
  public void start() {
    running = true;
  }

  /** Everyone who waits is answered now, so that a graceful shutdown does not wait for them. */
  @Override
  public void stop() {
    running = false;
    waits.forEach(wait -> pool.execute(wait::giveUp));
  }

  @Override
  public boolean isRunning() {
    return running;
  }
}
