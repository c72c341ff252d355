/**
 * Pictures coming in and going out: intake checks, bounds, decodes and normalises what a stranger
 * uploads; output encodes PNG and says how a picture was made.
 *
 * <p>Plain Java: no Spring, no HTTP, no storage and no tensors belong here.
 */
@NullMarked
package io.diptych.image;

import org.jspecify.annotations.NullMarked;
