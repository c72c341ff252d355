/**
 * The published contract: what springdoc cannot see in the code of a controller.
 *
 * <p>No behaviour; {@code openapi.yaml} at the root of the repository is its output.
 */
@NullMarked
package io.diptych.http.openapi;

import org.jspecify.annotations.NullMarked;
