/**
 * The routes of decompositions and their artifacts.
 *
 * <p>No rules: what may be done is decided in {@code decomposition}.
 */
@NullMarked
package io.diptych.decomposition.web;

import org.jspecify.annotations.NullMarked;
