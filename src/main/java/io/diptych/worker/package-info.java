/**
 * Lanes: they take claimed jobs through their runners, with checkpoints, cancel, deadlines, a
 * watchdog and a drain.
 *
 * <p>No SQL, no HTTP, and nothing of what a job's request means; runners come from the features.
 */
@NullMarked
package io.diptych.worker;

import org.jspecify.annotations.NullMarked;
