/**
 * Routes with which an operator manages API keys.
 *
 * <p>No rules: {@code ApiKeys} has them.
 */
@NullMarked
package io.diptych.http.access.web;

import org.jspecify.annotations.NullMarked;
