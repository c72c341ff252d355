package io.diptych.decomposition;

import io.diptych.image.IntakeLimits;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * What an upload may cost ({@code diptych.image.*}); the meaning is that of {@link IntakeLimits}.
 */
@ConfigurationProperties("diptych.image")
record IntakeSettings(
    @DefaultValue("20MB") DataSize maxSize,
    @DefaultValue("25000000") long maxPixels,
    @DefaultValue("16384") int maxSide,
    @DefaultValue("32") int minSide,
    @DefaultValue("2048") int storedSide,
    @DefaultValue("20s") Duration decodeTime,
    @DefaultValue("1") int decodeThreads,
    @DefaultValue("10s") Duration queueWait) {

  IntakeLimits limits() {
    return new IntakeLimits(
        maxSize.toBytes(),
        maxPixels,
        maxSide,
        minSide,
        storedSide,
        decodeTime,
        decodeThreads,
        queueWait);
  }
}
