package io.diptych.job;

import java.util.UUID;

/**
 * A lane that holds a ticket asks for work.
 *
 * @param ticket id of the ticket
 * @param ticketVersion which pick of the ticket this is; grows when it changes hands
 * @param kind what the ticket is for
 * @param worker name of the process
 * @param lane name of the lane
 * @param batch most jobs to take together, at least 1
 * @param capacity what the lane can run
 */
public record ClaimRequest(
    UUID ticket,
    long ticketVersion,
    JobKind kind,
    String worker,
    String lane,
    int batch,
    LaneCapacity capacity) {

  public ClaimRequest {
    if (batch < 1) {
      throw new IllegalArgumentException("A batch has at least one job, not " + batch + ".");
    }
  }
}
