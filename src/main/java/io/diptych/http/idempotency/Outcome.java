package io.diptych.http.idempotency;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Whether a request did its work now or had done so before. */
public sealed interface Outcome {

  /** What the work made, now or then. */
  UUID resourceId();

  /** The work was done by this request. Its transaction has committed. */
  record Created(UUID resourceId) implements Outcome {}

  /**
   * The work was done by an earlier request.
   *
   * @param answer the first answer; null when the process died before it was recorded: answer with
   *     the resource as it is now
   */
  record Replayed(UUID resourceId, @Nullable Answer answer) implements Outcome {}
}
