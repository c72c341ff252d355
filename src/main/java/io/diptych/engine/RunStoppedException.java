package io.diptych.engine;

/** A run ended because its {@link RunControl} asked for it. */
public final class RunStoppedException extends RuntimeException {

  private final int step;

  public RunStoppedException(int step) {
    super("The run was stopped after step " + step + " as its owner asked.");
    this.step = step;
  }

  /** Steps done when it stopped. */
  public int step() {
    return step;
  }
}
