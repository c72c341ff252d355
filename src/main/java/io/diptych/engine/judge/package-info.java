/**
 * Small networks that name what a picture shows or how it is drawn.
 *
 * <p>Used to measure only: nothing that generates may look at them.
 */
@NullMarked
package io.diptych.engine.judge;

import org.jspecify.annotations.NullMarked;
