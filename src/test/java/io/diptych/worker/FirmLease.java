package io.diptych.worker;

import io.diptych.job.ticket.Ticket;

/** A ticket that nobody takes away. */
record FirmLease() implements Ticket.Lease {
  @Override
  public boolean draining() {
    return false;
  }

  @Override
  public boolean alive() {
    return true;
  }
}
