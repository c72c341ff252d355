package io.diptych.decomposition;

import io.diptych.ops.HousekeepingTask;
import java.time.Duration;
import java.util.function.IntSupplier;

record Chore(String name, Duration every, IntSupplier work) implements HousekeepingTask {

  @Override
  public int run() {
    return work.getAsInt();
  }
}
