package io.diptych.worker;

import io.diptych.engine.RunControl;
import io.diptych.engine.RunStoppedException;
import io.diptych.engine.StepReport;
import io.diptych.job.ClaimedJob;
import io.diptych.job.JobKind;
import io.diptych.job.QueueFixture;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An optimisation without tensors: its state after every step depends on all steps before, so a
 * wrong resume shows in the result. It honours the contract of the engine's run control.
 */
class FakeDecomposition implements JobRunner {

  /** What happens inside a step; may block or throw. */
  interface Step {
    void doIt(ClaimedJob job, int step) throws InterruptedException;
  }

  private final int totalSteps;
  private final Step step;

  /** Steps that were computed, in order, as {@code name:step}. */
  final List<String> computed = new CopyOnWriteArrayList<>();

  /** Where runs began. */
  final List<Integer> resumedAt = new CopyOnWriteArrayList<>();

  FakeDecomposition(int totalSteps, Step step) {
    this.totalSteps = totalSteps;
    this.step = step;
  }

  /** The state that a run without interruption ends in. */
  static long expected(int totalSteps) {
    long state = 1;
    for (int i = 1; i <= totalSteps; i++) {
      state = next(state, i);
    }
    return state;
  }

  private static long next(long state, int step) {
    return state * 31 + step;
  }

  @Override
  public JobKind kind() {
    return JobKind.DECOMPOSITION;
  }

  @Override
  public JobResult run(ClaimedJob job, JobProgress progress) {
    RunControl control = progress.control();
    long state = 1;
    int done = 0;
    byte[] checkpoint = control.resumeFrom().orElse(null);
    if (checkpoint != null) {
      String[] parts = new String(checkpoint).split(":");
      done = Integer.parseInt(parts[0]);
      state = Long.parseLong(parts[1]);
    }
    resumedAt.add(done);
    while (done < totalSteps) {
      long begun = System.nanoTime();
      try {
        step.doIt(job, done + 1);
      } catch (InterruptedException e) {
        throw new IllegalStateException("interrupted", e);
      }
      done++;
      state = next(state, done);
      computed.add(QueueFixture.name(job) + ":" + done);
      double millis = (System.nanoTime() - begun) / 1e6;
      RunControl.Directive directive =
          control.afterStep(
              new StepReport(
                  done,
                  totalSteps,
                  done % 2 == 1 ? StepReport.Kind.STYLE : StepReport.Kind.CONTENT,
                  1.0 / done,
                  List.of(),
                  millis));
      if (directive == RunControl.Directive.CHECKPOINT
          || directive == RunControl.Directive.CHECKPOINT_AND_STOP) {
        control.checkpoint(done, (done + ":" + state).getBytes());
      }
      if (directive == RunControl.Directive.STOP
          || directive == RunControl.Directive.CHECKPOINT_AND_STOP) {
        throw new RunStoppedException(done);
      }
    }
    return JobResult.of(QueueFixture.JSON.valueToTree(Map.of("state", state)));
  }
}
