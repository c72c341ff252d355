/**
 * Entry points: the service and the command line. Nothing else lives here; every duty has a package
 * of its own below.
 */
@NullMarked
package io.diptych;

import org.jspecify.annotations.NullMarked;
