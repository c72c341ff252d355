/**
 * What the models can do, as ports and value types: decompose a picture, generate pictures.
 *
 * <p>No Spring, no SQL, no HTTP; tensors do not cross this boundary.
 */
@NullMarked
package io.diptych.engine;

import org.jspecify.annotations.NullMarked;
