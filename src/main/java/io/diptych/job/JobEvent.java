package io.diptych.job;

import java.time.Instant;
import tools.jackson.databind.JsonNode;

/**
 * Something that happened to a job.
 *
 * @param seq grows with every event of the job; ids for {@code Last-Event-ID}
 * @param type what happened
 * @param data depends on the type: {@link Progress}, {@link JobError}, or a small object
 */
public record JobEvent(long seq, Instant at, Type type, JsonNode data) {

  /** What happened. Types named like a final state are the last of a run. */
  public enum Type {
    QUEUED,
    STARTED,
    PROGRESS,
    PREVIEW,
    /** The run failed and will be repeated. */
    RETRYING,
    /** A worker that is going down gave it back, with a checkpoint. */
    HANDED_BACK,
    CANCEL_REQUESTED,
    SUCCEEDED,
    FAILED,
    CANCELED,
    EXPIRED
  }
}
