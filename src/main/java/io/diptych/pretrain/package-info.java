/**
 * Pretraining of the pocket backbone: its data, its training command and its report.
 *
 * <p>Nothing a running service needs.
 */
@NullMarked
package io.diptych.pretrain;

import org.jspecify.annotations.NullMarked;
