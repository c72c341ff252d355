package io.diptych.ops;

import io.diptych.worker.LaneStatus;
import io.diptych.worker.Worker;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * Whether at least one lane can run something; part of readiness, never of liveness. A process
 * without lanes is not asked.
 */
@Component("lanes")
final class LanesHealth implements HealthIndicator {

  private final ObjectProvider<Worker> worker;

  LanesHealth(ObjectProvider<Worker> worker) {
    this.worker = worker;
  }

  @Override
  public Health health() {
    Worker present = worker.getIfAvailable();
    if (present == null) {
      return Health.up().withDetail("lanes", "none, by role").build();
    }
    List<LaneStatus> lanes = present.lanes();
    Map<String, Object> details = new LinkedHashMap<>();
    lanes.forEach(
        lane ->
            details.put(
                lane.name(), lane.able() ? (lane.busy() ? "busy" : "free") : "cannot run jobs"));
    boolean able = lanes.stream().anyMatch(LaneStatus::able);
    return (able ? Health.up() : Health.down()).withDetails(details).build();
  }
}
