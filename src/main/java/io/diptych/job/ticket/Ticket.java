package io.diptych.job.ticket;

import java.util.UUID;

/**
 * A ticket in the hands of a lane.
 *
 * @param version which pick this is; grows whenever the ticket changes hands
 * @param lease how firmly it is held
 */
public record Ticket(UUID id, long version, Lease lease) {

  /** How firmly a ticket is held. */
  public interface Lease {

    /** Whether the process is going down; the lane should hand its job back. */
    boolean draining();

    /**
     * Whether the last renewal succeeded and is recent enough. When not, others may have taken the
     * ticket over; the next fenced write will tell.
     */
    boolean alive();
  }
}
