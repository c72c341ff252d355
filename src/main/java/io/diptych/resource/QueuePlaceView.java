package io.diptych.resource;

import io.diptych.job.QueuePlace;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A place in the queue on the wire. */
@Schema(name = "QueuePlace", description = "A place in the queue.")
public record QueuePlaceView(
    @Schema(description = "1: next.") int position,
    @Schema(description = "From the duration of recent runs.") long estimatedWaitSeconds) {

  /**
   * @param place null where nothing waits
   */
  public static @Nullable QueuePlaceView of(@Nullable QueuePlace place) {
    return place == null
        ? null
        : new QueuePlaceView(place.position(), (place.estimatedWait().toMillis() + 999) / 1000);
  }
}
