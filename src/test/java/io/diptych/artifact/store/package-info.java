@NullMarked
package io.diptych.artifact.store;

import org.jspecify.annotations.NullMarked;
