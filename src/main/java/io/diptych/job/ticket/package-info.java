/**
 * Tickets: permissions to run one job, kept and handed out by db-scheduler, which gives leases,
 * heartbeats and the detection of dead processes.
 *
 * <p>No job table and no rule of the queue; a ticket does not say which job it is for.
 */
@NullMarked
package io.diptych.job.ticket;

import org.jspecify.annotations.NullMarked;
