package io.diptych.engine;

import java.util.Optional;

/**
 * How the owner of a run follows and steers it. Called on the thread that runs the optimisation.
 */
public interface RunControl {

  /** What the run does after a step. */
  enum Directive {
    CONTINUE,
    /** Deliver a checkpoint, then go on. */
    CHECKPOINT,
    /** End now; nothing is kept. */
    STOP,
    /** Deliver a checkpoint, then end. */
    CHECKPOINT_AND_STOP
  }

  /** Called after every step, so that a stop costs at most one step. */
  Directive afterStep(StepReport report);

  /**
   * Whether to end before the first step, with nothing to keep. Asked again and again while words
   * are found for the picture, and before and after sub-concepts are.
   */
  default boolean stopRequested() {
    return false;
  }

  /** Receives a complete checkpoint: everything needed to go on bit for bit (on CPU). */
  void checkpoint(int step, byte[] checkpoint);

  /** The checkpoint to go on from; empty for a new run. Asked once, at the start. */
  Optional<byte[]> resumeFrom();

  /** Runs to the end without reporting. */
  static RunControl none() {
    return new RunControl() {
      @Override
      public Directive afterStep(StepReport report) {
        return Directive.CONTINUE;
      }

      @Override
      public void checkpoint(int step, byte[] checkpoint) {}

      @Override
      public Optional<byte[]> resumeFrom() {
        return Optional.empty();
      }
    };
  }
}
