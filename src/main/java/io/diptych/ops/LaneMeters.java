package io.diptych.ops;

import io.diptych.job.AttemptFailed;
import io.diptych.job.FailureReason;
import io.diptych.job.JobEnded;
import io.diptych.job.JobKind;
import io.diptych.job.JobState;
import io.diptych.worker.LaneListener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** What lanes do and how jobs end, as meters. No tenant in any label: there may be many. */
@Component
final class LaneMeters implements LaneListener {

  private static final Duration SHORTEST = Duration.ofMillis(5);
  private static final Duration LONGEST = Duration.ofHours(2);

  private final MeterRegistry registry;

  LaneMeters(MeterRegistry registry) {
    this.registry = registry;
    // Present from the start, so that a rate over them is zero and not unknown.
    for (JobKind kind : JobKind.values()) {
      claims(kind, "taken");
      claims(kind, "empty");
      counter("diptych.fence.rejections", kind);
      counter("diptych.heartbeat.failures", kind);
      for (FailureReason reason : FailureReason.values()) {
        failures(kind, reason);
      }
    }
  }

  /** A job has ended in this process, in a lane or not. */
  @EventListener
  void ended(JobEnded ended) {
    Counter.builder("diptych.jobs.ended")
        .description("Jobs by how they ended")
        .tag("kind", tag(ended.kind()))
        .tag("state", tag(ended.state()))
        .tag("reason", ended.errorCode() == null ? "none" : ended.errorCode())
        .register(registry)
        .increment();
  }

  /** This process has found that a run failed, its own or that of a worker that was lost. */
  @EventListener
  void failed(AttemptFailed failed) {
    failures(failed.kind(), failed.reason()).increment();
  }

  @Override
  public void claimedNothing(JobKind kind) {
    claims(kind, "empty").increment();
  }

  @Override
  public void claimed(JobKind kind, int jobs) {
    claims(kind, "taken").increment();
    DistributionSummary.builder("diptych.batch.size")
        .description("Jobs per execution; the count is executions, the sum is jobs")
        .tag("kind", tag(kind))
        .serviceLevelObjectives(1, 2, 4, 8, 16, 32)
        .register(registry)
        .record(jobs);
  }

  @Override
  public void forward(JobKind kind, int pictures) {
    DistributionSummary.builder("diptych.forward.size")
        .description("Pictures per forward of the model; the count is forwards, the sum pictures")
        .tag("kind", tag(kind))
        .serviceLevelObjectives(1, 2, 4, 8, 16, 32)
        .register(registry)
        .record(pictures);
  }

  @Override
  public void started(JobKind kind, Duration waited) {
    timer("diptych.job.wait", "From being queued to a lane", kind).record(waited);
  }

  @Override
  public void step(JobKind kind, Duration took) {
    timer("diptych.job.step", "One step of an optimisation", kind).record(took);
  }

  @Override
  public void checkpoint(JobKind kind, Duration took, int bytes) {
    timer("diptych.checkpoint", "Storing a checkpoint", kind).record(took);
    DistributionSummary.builder("diptych.checkpoint.size")
        .description("Size of checkpoints")
        .baseUnit("bytes")
        .tag("kind", tag(kind))
        .register(registry)
        .record(bytes);
  }

  @Override
  public void ended(JobKind kind, JobState state, Duration took) {
    Timer.builder("diptych.job.run")
        .description("One run of a job in a lane, by the state it left the job in")
        .tag("kind", tag(kind))
        .tag("state", tag(state))
        .publishPercentileHistogram()
        .minimumExpectedValue(SHORTEST)
        .maximumExpectedValue(LONGEST)
        .register(registry)
        .record(took);
  }

  @Override
  public void canceled(JobKind kind, Duration latency) {
    timer("diptych.cancel.latency", "From the wish to the end of a running job", kind)
        .record(latency);
  }

  @Override
  public void fenceLost(JobKind kind) {
    counter("diptych.fence.rejections", kind).increment();
  }

  @Override
  public void heartbeatFailed(JobKind kind) {
    counter("diptych.heartbeat.failures", kind).increment();
  }

  private Counter failures(JobKind kind, FailureReason reason) {
    return Counter.builder("diptych.attempts.failed")
        .description("Runs that failed, by reason")
        .tag("kind", tag(kind))
        .tag("reason", tag(reason))
        .register(registry);
  }

  private Counter claims(JobKind kind, String result) {
    return Counter.builder("diptych.claims")
        .description("Claims of lanes that held a ticket")
        .tag("kind", tag(kind))
        .tag("result", result)
        .register(registry);
  }

  private Counter counter(String name, JobKind kind) {
    return Counter.builder(name).tag("kind", tag(kind)).register(registry);
  }

  private Timer timer(String name, String description, JobKind kind) {
    return Timer.builder(name)
        .description(description)
        .tag("kind", tag(kind))
        .publishPercentileHistogram()
        .minimumExpectedValue(SHORTEST)
        .maximumExpectedValue(LONGEST)
        .register(registry);
  }

  private static String tag(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
