package io.diptych.job.ticket;

import io.diptych.job.JobKind;
import java.util.UUID;

/** What a worker does with a ticket. Called on a lane's thread, which it may keep for hours. */
@FunctionalInterface
public interface TicketHandler {

  TicketOutcome run(JobKind kind, Ticket ticket);

  /**
   * The lane that held a ticket is gone, or its work on it broke off: what it held is free.
   *
   * @param version of the pick that is over
   */
  default void abandoned(UUID ticket, long version) {}
}
