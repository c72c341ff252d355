package io.diptych.decomposition;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Decompositions ({@code diptych.decomposition.*}).
 *
 * @param previewSteps a preview every so many steps; 0: none
 * @param keepArtifacts how long a concept is kept after it was learned; null: until it is deleted
 * @param choresEvery how often retention is looked at
 * @param conceptsCached concepts kept in memory for generation
 * @param uploadMemory heap for pictures and artifacts from being read to being stored; what finds
 *     no room waits, as long as a picture waits for a thread that decodes. Decoding has its own
 * @param assumedGigaflops speed of the devices, for estimates before any run was measured
 */
@ConfigurationProperties("diptych.decomposition")
record DecompositionSettings(
    @DefaultValue("50") int previewSteps,
    @Nullable Duration keepArtifacts,
    @DefaultValue("10m") Duration choresEvery,
    @DefaultValue("64") int conceptsCached,
    @DefaultValue("128MB") DataSize uploadMemory,
    @DefaultValue("120") double assumedGigaflops) {

  DecompositionSettings {
    if (previewSteps < 0 || conceptsCached < 0 || !(assumedGigaflops > 0)) {
      throw new IllegalArgumentException(
          "diptych.decomposition: preview-steps and concepts-cached must not be negative,"
              + " assumed-gigaflops must be above 0.");
    }
    // A number without a unit means milliseconds, and what is deleted does not come back.
    if (keepArtifacts != null && keepArtifacts.compareTo(Duration.ofMinutes(1)) < 0) {
      throw new IllegalArgumentException(
          "diptych.decomposition.keep-artifacts is %d ms. Write at least a minute, as in 90d, or"
                  .formatted(keepArtifacts.toMillis())
              + " leave it out to keep them.");
    }
  }
}
