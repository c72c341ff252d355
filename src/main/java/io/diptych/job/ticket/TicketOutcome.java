package io.diptych.job.ticket;

import java.time.Duration;

/** What is to become of a ticket after a lane has had it. */
public sealed interface TicketOutcome {

  /** It is used up. */
  record Spent() implements TicketOutcome {}

  /** It goes back, for any lane to pick after the delay. */
  record GiveBack(Duration delay) implements TicketOutcome {}

  /** It belongs to another lane meanwhile. */
  record Lost() implements TicketOutcome {}
}
