package io.diptych.worker;

import io.diptych.job.JobKind;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * A place where one job, or one batch, runs at a time.
 *
 * @param name unique in the process
 * @param device where it computes
 * @param kinds what it runs
 */
public record Lane(String name, String device, Set<JobKind> kinds) {

  public Lane {
    kinds = Set.copyOf(kinds);
  }

  /** One lane per GPU for everything; on the CPU one lane per kind. */
  static List<Lane> on(List<String> devices) {
    List<Lane> lanes = new ArrayList<>();
    for (String device : devices) {
      if (device.equals("cpu")) {
        for (JobKind kind : JobKind.values()) {
          lanes.add(
              new Lane(device + "-" + kind.name().toLowerCase(Locale.ROOT), device, Set.of(kind)));
        }
      } else {
        lanes.add(new Lane(device, device, EnumSet.allOf(JobKind.class)));
      }
    }
    return List.copyOf(lanes);
  }
}
