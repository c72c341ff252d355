/**
 * What operators see and what needs doing now and then: health, meters, housekeeping.
 *
 * <p>No rule of any feature; features bring their chores as {@code HousekeepingTask}s.
 */
@NullMarked
package io.diptych.ops;

import org.jspecify.annotations.NullMarked;
