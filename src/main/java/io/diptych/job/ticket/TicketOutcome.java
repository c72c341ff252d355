package io.diptych.job.ticket;

/** What is to become of a ticket after a lane has had it. */
public sealed interface TicketOutcome {

  /** It is used up. */
  record Spent() implements TicketOutcome {}

  /** It goes back, for any lane to pick. */
  record GiveBack() implements TicketOutcome {}

  /** It belongs to another lane meanwhile. */
  record Lost() implements TicketOutcome {}
}
