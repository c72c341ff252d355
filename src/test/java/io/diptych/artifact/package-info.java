@NullMarked
package io.diptych.artifact;

import org.jspecify.annotations.NullMarked;
