package io.diptych.ops;

import io.diptych.engine.program.DeviceMemory;
import io.diptych.role.ConditionalOnJobs;
import io.diptych.worker.LaneStatus;
import io.diptych.worker.Worker;
import java.util.List;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Which devices there are to ask. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnJobs
class DeviceMetersSetup {

  @Bean
  DeviceMeters deviceMeters(ObjectProvider<Worker> worker) {
    return new DeviceMeters(() -> devices(worker.getObject()), DeviceMemory::of);
  }

  private static List<String> devices(Worker worker) {
    return worker.lanes().stream().map(LaneStatus::device).distinct().toList();
  }
}
