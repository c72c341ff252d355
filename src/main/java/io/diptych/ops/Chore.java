package io.diptych.ops;

import java.time.Duration;
import java.util.function.IntSupplier;

/** A chore that is a method of somebody else. */
record Chore(String name, Duration every, IntSupplier work) implements HousekeepingTask {

  @Override
  public int run() {
    return work.getAsInt();
  }
}
