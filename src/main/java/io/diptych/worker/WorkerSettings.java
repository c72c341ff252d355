package io.diptych.worker;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How this process runs jobs ({@code diptych.worker.*}).
 *
 * @param name kept with attempts and tickets in the database; empty: host name and process id
 * @param devices {@code cpu}, {@code gpu0}, {@code gpu1}, ...; a CPU gets one lane per kind, so
 *     that generation does not wait behind a decomposition, a GPU one lane for both
 * @param batch most generation jobs in one batch
 * @param checkpointSteps a checkpoint at least every so many steps
 * @param checkpointEvery and at least so often
 * @param progressEvery at most one progress write per run in this time
 * @param stuckFactor a run without a step for so many times its median step is stuck
 * @param stuckAtLeast but never before this time
 * @param firstStepWithin limit for runs that have no median yet, and for batches
 * @param stuckGrace how long the thread of a stuck run may take to return before the process ends
 */
@ConfigurationProperties("diptych.worker")
public record WorkerSettings(
    @DefaultValue("") String name,
    @DefaultValue("cpu") List<String> devices,
    @DefaultValue("8") int batch,
    @DefaultValue("25") int checkpointSteps,
    @DefaultValue("60s") Duration checkpointEvery,
    @DefaultValue("500ms") Duration progressEvery,
    @DefaultValue("20") int stuckFactor,
    @DefaultValue("60s") Duration stuckAtLeast,
    @DefaultValue("15m") Duration firstStepWithin,
    @DefaultValue("30s") Duration stuckGrace) {

  private static final Pattern DEVICE = Pattern.compile("cpu|gpu(0|[1-9][0-9]*)");

  public WorkerSettings {
    devices = List.copyOf(devices);
    for (String device : devices) {
      if (!DEVICE.matcher(device).matches()) {
        throw new IllegalArgumentException(
            "diptych.worker.devices: there is no device '"
                + device
                + "'. Write cpu for the processor and gpu0, gpu1, ... for the GPUs as CUDA counts"
                + " them, separated by commas.");
      }
    }
    if (Set.copyOf(devices).size() < devices.size()) {
      throw new IllegalArgumentException(
          "diptych.worker.devices names a device twice: " + String.join(",", devices) + ".");
    }
    if (!isPositive(stuckAtLeast) || !isPositive(firstStepWithin)) {
      throw new IllegalArgumentException(
          "diptych.worker: stuck-at-least and first-step-within must be above 0, or every run is"
              + " stuck at once.");
    }
    if (batch < 1 || checkpointSteps < 1 || stuckFactor < 2) {
      throw new IllegalArgumentException(
          "diptych.worker: batch and checkpoint-steps must be at least 1, stuck-factor at least 2.");
    }
  }

  private static boolean isPositive(Duration time) {
    return !time.isNegative() && !time.isZero();
  }

  WorkerSettings withName(String name) {
    return new WorkerSettings(
        name,
        devices,
        batch,
        checkpointSteps,
        checkpointEvery,
        progressEvery,
        stuckFactor,
        stuckAtLeast,
        firstStepWithin,
        stuckGrace);
  }

  /** The defaults, for a worker of this name. */
  public static WorkerSettings named(String name) {
    return new WorkerSettings(
        name,
        List.of("cpu"),
        8,
        25,
        Duration.ofSeconds(60),
        Duration.ofMillis(500),
        20,
        Duration.ofSeconds(60),
        Duration.ofMinutes(15),
        Duration.ofSeconds(30));
  }
}
