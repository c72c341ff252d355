/**
 * Jobs as resources of their tenants: what lists, event streams, cancel, delete and waiting places
 * have in common whatever the job does.
 *
 * <p>No kind of job: routes, requests and results are the features', and the queue's rules are in
 * {@code job}.
 */
@NullMarked
package io.diptych.resource;

import org.jspecify.annotations.NullMarked;
