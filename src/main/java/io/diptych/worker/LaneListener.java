package io.diptych.worker;

import io.diptych.job.JobKind;
import io.diptych.job.JobState;
import java.time.Duration;

/** Hears what lanes do, for meters. Calls are quick and come from many threads. */
public interface LaneListener {

  /** Hears nothing. */
  LaneListener NONE = new LaneListener() {};

  /** A ticket brought no work. */
  default void claimedNothing(JobKind kind) {}

  /** Jobs that begin to run as one execution. */
  default void claimed(JobKind kind, int jobs) {}

  /** A forward of the model made pictures, those of several jobs together. */
  default void forward(JobKind kind, int pictures) {}

  /** A job begins to run; how long it had waited. */
  default void started(JobKind kind, Duration waited) {}

  /** A step of an optimisation was done. */
  default void step(JobKind kind, Duration took) {}

  /** A checkpoint was stored. */
  default void checkpoint(JobKind kind, Duration took, int bytes) {}

  /** A run is over; the state it left the job in. */
  default void ended(JobKind kind, JobState state, Duration took) {}

  /** A running job ended because its owner asked; time from the wish to the end. */
  default void canceled(JobKind kind, Duration latency) {}

  /** A write was refused because another run holds the job. */
  default void fenceLost(JobKind kind) {}

  /** The renewal of a ticket failed. */
  default void heartbeatFailed(JobKind kind) {}
}
