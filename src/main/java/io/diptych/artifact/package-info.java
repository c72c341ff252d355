/**
 * What jobs leave behind, as blobs: pictures taken in, learned concepts, checkpoints, previews and
 * generated pictures, each under its owner and its own digest.
 *
 * <p>Who may see a blob, and whether anything still refers to it, is not known here.
 */
@NullMarked
package io.diptych.artifact;

import org.jspecify.annotations.NullMarked;
