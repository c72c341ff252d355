package io.diptych.pretrain.data.paint;

import java.util.random.RandomGenerator;

/**
 * A way of drawing: turns a scene into a picture in one style, the same for the same random source.
 */
@FunctionalInterface
public interface Filter {

  /** Leaves the scene as its artist drew it. */
  Filter NONE = (scene, random) -> scene.picture();

  /**
   * Paints the scene again.
   *
   * @return a new picture of the same side; the scene is not changed
   */
  Picture paint(Scene scene, RandomGenerator random);
}
