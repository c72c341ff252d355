/**
 * Generations over HTTP: {@code POST /generate} and what lies under {@code /generations}.
 *
 * <p>No rules: they are one package up. Nobody imports this package.
 */
@NullMarked
package io.diptych.generation.web;

import org.jspecify.annotations.NullMarked;
