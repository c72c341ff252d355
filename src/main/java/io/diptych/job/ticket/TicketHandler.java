package io.diptych.job.ticket;

import io.diptych.job.JobKind;

/** What a worker does with a ticket. Called on a lane's thread, which it may keep for hours. */
@FunctionalInterface
public interface TicketHandler {

  TicketOutcome run(JobKind kind, Ticket ticket);
}
