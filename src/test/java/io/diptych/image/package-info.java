@NullMarked
package io.diptych.image;

import org.jspecify.annotations.NullMarked;
