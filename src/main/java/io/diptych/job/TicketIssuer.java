package io.diptych.job;

import java.time.Instant;

/**
 * Gives out tickets: permissions to run one job of a kind, any job. Whoever puts a job into QUEUED
 * issues one in the same transaction.
 */
public interface TicketIssuer {

  /**
   * Issues one ticket. Takes part in the transaction of the caller.
   *
   * @param at when it becomes due
   */
  void issue(JobKind kind, Instant at);

  /** Tickets of a kind that nobody has picked yet. */
  int waiting(JobKind kind);
}
