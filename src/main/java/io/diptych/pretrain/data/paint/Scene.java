package io.diptych.pretrain.data.paint;

import java.util.random.RandomGenerator;

/**
 * A subject before a backdrop.
 *
 * @param picture both together
 * @param mask opacity of the subject, {@code side * side}, 0 to 1
 */
public record Scene(Picture picture, float[] mask) {

  /** Share of the side that the subject's longer edge covers. */
  static final double SMALLEST = 0.58;

  static final double LARGEST = 0.88;

  /**
   * Places a sprite at random size and position before a backdrop.
   *
   * @param side pixels along one side of the scene
   */
  public static Scene compose(
      Sprite sprite, Backdrop backdrop, boolean inkOnly, int side, RandomGenerator random) {
    Picture picture = backdrop.paint(side, sprite, random);
    if (inkOnly) {
      wash(picture);
    }
    double share = SMALLEST + (LARGEST - SMALLEST) * random.nextDouble();
    double scale = share * side / Math.max(sprite.width(), sprite.height());
    int width = Math.max(1, (int) Math.round(sprite.width() * scale));
    int height = Math.max(1, (int) Math.round(sprite.height() * scale));
    int freeX = side - width;
    int freeY = side - height;
    // Towards the middle: the mean of two draws.
    int left = (int) (freeX * (random.nextDouble() + random.nextDouble()) / 2);
    double down = (random.nextDouble() + random.nextDouble()) / 2;
    int top = (int) (freeY * (backdrop.grounded() ? 0.55 + 0.4 * down : 0.1 + 0.8 * down));
    if (backdrop.grounded()) {
      shade(picture, left + width / 2.0, top + height * 0.985, width * 0.46, side * 0.045);
    }
    float[][] planes = sprite.scaled(width, height);
    float[] mask = new float[side * side];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int from = y * width + x;
        int to = (top + y) * side + left + x;
        float alpha = planes[3][from];
        mask[to] = alpha;
        picture.r[to] = picture.r[to] * (1 - alpha) + planes[0][from];
        picture.g[to] = picture.g[to] * (1 - alpha) + planes[1][from];
        picture.b[to] = picture.b[to] * (1 - alpha) + planes[2][from];
      }
    }
    return new Scene(picture, mask);
  }

  /** Black ink stays black ink: the backdrop becomes a pale grey wash. */
  private static void wash(Picture picture) {
    for (int i = 0; i < picture.r.length; i++) {
      float grey = 0.62f + 0.38f * picture.luma(i);
      picture.set(i, grey, grey, grey);
    }
  }

  private static void shade(Picture picture, double cx, double cy, double rx, double ry) {
    int side = picture.side;
    int from = Math.max(0, (int) (cy - ry));
    int to = Math.min(side - 1, (int) (cy + ry));
    for (int y = from; y <= to; y++) {
      for (int x = Math.max(0, (int) (cx - rx)); x <= Math.min(side - 1, (int) (cx + rx)); x++) {
        double dx = (x - cx) / rx;
        double dy = (y - cy) / ry;
        double d = dx * dx + dy * dy;
        if (d < 1) {
          picture.scale(y * side + x, (float) (1 - 0.38 * (1 - d)));
        }
      }
    }
  }
}
