package io.diptych.job.ticket;

import com.github.kagkarlsson.scheduler.serializer.Serializer;
import org.jspecify.annotations.NullUnmarked;

/** Tasks carry their id and nothing else, so no serial format can ever get in the way. */
@NullUnmarked
public final class NoTaskData implements Serializer {

  @Override
  public byte[] serialize(Object data) {
    if (data != null) {
      throw new IllegalArgumentException("Tasks carry no data, but this one has " + data + ".");
    }
    return null;
  }

  @Override
  public <T> T deserialize(Class<T> type, byte[] data) {
    return null;
  }
}
