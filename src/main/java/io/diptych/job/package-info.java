/**
 * The job table: submitting, the fair claim, the fence, attempts, progress, cancel, retry,
 * deadlines, retention.
 *
 * <p>No scheduler (see {@code ticket}), no lanes (see {@code worker}), no HTTP, and nothing of what
 * a job's request means.
 */
@NullMarked
package io.diptych.job;

import org.jspecify.annotations.NullMarked;
