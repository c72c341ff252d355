package io.diptych.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.job.JobState;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class HousekeepingSettingsTest {

  @Test
  void aTimeWithoutItsUnitRemovesNothing() {
    assertThatThrownBy(() -> with("keep.failed", "30"))
        .rootCause()
        .hasMessage(
            "diptych.housekeeping.keep.FAILED is 30 ms. Write a unit, as in 30d; 0 keeps nothing.");
    assertThatThrownBy(() -> with("orphans-after", "24"))
        .rootCause()
        .hasMessageContaining("diptych.housekeeping.orphans-after is 24 ms");
    assertThat(with("keep.failed", "30d").keep())
        .containsEntry(JobState.FAILED, Duration.ofDays(30));
    assertThat(with("keep.failed", "0").keep()).containsEntry(JobState.FAILED, Duration.ZERO);
  }

  private static HousekeepingSettings with(String name, String value) {
    return new Binder(
            new MapConfigurationPropertySource(Map.of("diptych.housekeeping." + name, value)))
        .bindOrCreate("diptych.housekeeping", HousekeepingSettings.class);
  }
}
