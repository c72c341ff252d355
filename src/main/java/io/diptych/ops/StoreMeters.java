package io.diptych.ops;

import io.diptych.artifact.BlobKind;
import io.diptych.artifact.StoreListener;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import org.springframework.stereotype.Component;

/** What this process puts into the store. */
@Component
final class StoreMeters implements StoreListener {

  private final MeterRegistry registry;

  StoreMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  @Override
  public void stored(BlobKind kind, long bytes) {
    DistributionSummary.builder("diptych.artifact.size")
        .description("Size of what was stored; the count is blobs, the sum is bytes")
        .baseUnit("bytes")
        .tag("content", kind.name().toLowerCase(Locale.ROOT))
        .register(registry)
        .record(bytes);
  }
}
