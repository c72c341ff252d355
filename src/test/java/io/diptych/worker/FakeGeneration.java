package io.diptych.worker;

import io.diptych.job.ClaimedJob;
import io.diptych.job.JobKind;
import io.diptych.job.QueueFixture;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Generation without pictures. */
final class FakeGeneration implements BatchRunner {

  private final Consumer<List<ClaimedJob>> work;

  /** Sizes of the batches that ran. */
  final List<Integer> batches = new CopyOnWriteArrayList<>();

  /** How often each job was run. */
  final Map<UUID, AtomicInteger> runs = new ConcurrentHashMap<>();

  FakeGeneration(Consumer<List<ClaimedJob>> work) {
    this.work = work;
  }

  @Override
  public JobKind kind() {
    return JobKind.GENERATION;
  }

  @Override
  public List<JobOutcome> run(List<ClaimedJob> batch, Control control) {
    batches.add(batch.size());
    batch.forEach(
        job -> runs.computeIfAbsent(job.id(), id -> new AtomicInteger()).incrementAndGet());
    work.accept(batch);
    return batch.stream().map(FakeGeneration::done).toList();
  }

  static JobOutcome done(ClaimedJob job) {
    return new JobOutcome.Succeeded(
        JobResult.of(QueueFixture.JSON.valueToTree(Map.of("picture", QueueFixture.name(job)))));
  }
}
