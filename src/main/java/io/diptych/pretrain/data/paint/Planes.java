package io.diptych.pretrain.data.paint;

import java.util.random.RandomGenerator;

/** Operations on single planes of {@code side * side} values that several filters share. */
final class Planes {

  private Planes() {}

  /** Two box blurs, close to a Gaussian; edges repeat. */
  static float[] blur(float[] plane, int side, int radius) {
    if (radius < 1) {
      return plane.clone();
    }
    float[] once = boxColumns(boxRows(plane, side, radius), side, radius);
    return boxColumns(boxRows(once, side, radius), side, radius);
  }

  static Picture blur(Picture picture, int radius) {
    Picture out = new Picture(picture.side);
    copyInto(blur(picture.r, picture.side, radius), out.r);
    copyInto(blur(picture.g, picture.side, radius), out.g);
    copyInto(blur(picture.b, picture.side, radius), out.b);
    return out;
  }

  private static void copyInto(float[] from, float[] to) {
    System.arraycopy(from, 0, to, 0, to.length);
  }

  private static float[] boxRows(float[] plane, int side, int radius) {
    float[] out = new float[plane.length];
    float scale = 1f / (2 * radius + 1);
    for (int y = 0; y < side; y++) {
      int row = y * side;
      float sum = 0;
      for (int k = -radius; k <= radius; k++) {
        sum += plane[row + within(k, side)];
      }
      for (int x = 0; x < side; x++) {
        out[row + x] = sum * scale;
        sum += plane[row + within(x + radius + 1, side)] - plane[row + within(x - radius, side)];
      }
    }
    return out;
  }

  private static float[] boxColumns(float[] plane, int side, int radius) {
    float[] out = new float[plane.length];
    float scale = 1f / (2 * radius + 1);
    float[] sum = new float[side];
    for (int k = -radius; k <= radius; k++) {
      int row = within(k, side) * side;
      for (int x = 0; x < side; x++) {
        sum[x] += plane[row + x];
      }
    }
    for (int y = 0; y < side; y++) {
      int in = within(y + radius + 1, side) * side;
      int gone = within(y - radius, side) * side;
      for (int x = 0; x < side; x++) {
        out[y * side + x] = sum[x] * scale;
        sum[x] += plane[in + x] - plane[gone + x];
      }
    }
    return out;
  }

  static int within(int value, int side) {
    return value < 0 ? 0 : Math.min(value, side - 1);
  }

  /** Strength of the steepest change in any colour plane (Sobel), about 0 to 4. */
  static float[] edges(Picture picture) {
    float[] edges = new float[picture.r.length];
    strongest(picture.r, picture.side, edges);
    strongest(picture.g, picture.side, edges);
    strongest(picture.b, picture.side, edges);
    return edges;
  }

  /** Sobel strength of one plane. */
  static float[] edges(float[] plane, int side) {
    float[] edges = new float[plane.length];
    strongest(plane, side, edges);
    return edges;
  }

  private static void strongest(float[] p, int side, float[] into) {
    for (int y = 0; y < side; y++) {
      int up = within(y - 1, side) * side;
      int row = y * side;
      int down = within(y + 1, side) * side;
      for (int x = 0; x < side; x++) {
        int left = within(x - 1, side);
        int right = within(x + 1, side);
        float gx =
            p[up + right]
                - p[up + left]
                + 2 * (p[row + right] - p[row + left])
                + p[down + right]
                - p[down + left];
        float gy =
            p[down + left]
                - p[up + left]
                + 2 * (p[down + x] - p[up + x])
                + p[down + right]
                - p[up + right];
        float strength = (float) Math.sqrt(gx * gx + gy * gy);
        if (strength > into[row + x]) {
          into[row + x] = strength;
        }
      }
    }
  }

  /** Widens bright lines by taking the largest value within a square. */
  static float[] widen(float[] plane, int side, int radius) {
    if (radius < 1) {
      return plane;
    }
    float[] rows = new float[plane.length];
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        float best = 0;
        for (int k = Math.max(0, x - radius); k <= Math.min(side - 1, x + radius); k++) {
          best = Math.max(best, plane[y * side + k]);
        }
        rows[y * side + x] = best;
      }
    }
    float[] out = new float[plane.length];
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        float best = 0;
        for (int k = Math.max(0, y - radius); k <= Math.min(side - 1, y + radius); k++) {
          best = Math.max(best, rows[k * side + x]);
        }
        out[y * side + x] = best;
      }
    }
    return out;
  }

  /**
   * Smooth noise in 0 to 1: random values on a lattice of the given cell, smoothly interpolated.
   */
  static float[] noise(int side, double cell, RandomGenerator random) {
    return noise(side, cell, cell, random);
  }

  /** Smooth noise stretched along one axis. */
  static float[] noise(int side, double cellX, double cellY, RandomGenerator random) {
    int columns = (int) (side / cellX) + 3;
    int rows = (int) (side / cellY) + 3;
    float[] lattice = new float[columns * rows];
    for (int i = 0; i < lattice.length; i++) {
      lattice[i] = random.nextFloat();
    }
    float[] out = new float[side * side];
    for (int y = 0; y < side; y++) {
      double v = y / cellY;
      int j = (int) v;
      float fy = ease((float) (v - j));
      for (int x = 0; x < side; x++) {
        double u = x / cellX;
        int i = (int) u;
        float fx = ease((float) (u - i));
        int at = j * columns + i;
        float top = lattice[at] + (lattice[at + 1] - lattice[at]) * fx;
        float low =
            lattice[at + columns] + (lattice[at + columns + 1] - lattice[at + columns]) * fx;
        out[y * side + x] = top + (low - top) * fy;
      }
    }
    return out;
  }

  private static float ease(float t) {
    return t * t * (3 - 2 * t);
  }

  /** One independent value in 0 to 1 for each pixel. */
  static float[] grain(int side, RandomGenerator random) {
    float[] out = new float[side * side];
    for (int i = 0; i < out.length; i++) {
      out[i] = random.nextFloat();
    }
    return out;
  }

  /** 0 below the first bound, 1 above the second, smooth between. */
  static float step(float low, float high, float value) {
    return ease(Picture.clamp((value - low) / (high - low)));
  }

  /**
   * Kuwahara filter: each pixel takes the mean of the calmest of four squares that touch it, which
   * flattens areas and keeps edges sharp.
   */
  static Picture kuwahara(Picture picture, int radius) {
    int side = picture.side;
    int wide = side + 1;
    double[] red = integral(picture.r, side);
    double[] green = integral(picture.g, side);
    double[] blue = integral(picture.b, side);
    float[] luma = picture.luma();
    double[] sum = integral(luma, side);
    float[] squares = new float[luma.length];
    for (int i = 0; i < luma.length; i++) {
      squares[i] = luma[i] * luma[i];
    }
    double[] sumOfSquares = integral(squares, side);
    Picture out = new Picture(side);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        double calmest = Double.MAX_VALUE;
        for (int q = 0; q < 4; q++) {
          int x0 = Math.max(0, (q & 1) == 0 ? x - radius : x);
          int x1 = Math.min(side, ((q & 1) == 0 ? x : x + radius) + 1);
          int y0 = Math.max(0, (q & 2) == 0 ? y - radius : y);
          int y1 = Math.min(side, ((q & 2) == 0 ? y : y + radius) + 1);
          double area = (x1 - x0) * (double) (y1 - y0);
          double mean = box(sum, wide, x0, y0, x1, y1) / area;
          double variance = box(sumOfSquares, wide, x0, y0, x1, y1) / area - mean * mean;
          if (variance < calmest) {
            calmest = variance;
            out.set(
                y * side + x,
                (float) (box(red, wide, x0, y0, x1, y1) / area),
                (float) (box(green, wide, x0, y0, x1, y1) / area),
                (float) (box(blue, wide, x0, y0, x1, y1) / area));
          }
        }
      }
    }
    return out;
  }

  private static double[] integral(float[] plane, int side) {
    int wide = side + 1;
    double[] sum = new double[wide * wide];
    for (int y = 0; y < side; y++) {
      double row = 0;
      for (int x = 0; x < side; x++) {
        row += plane[y * side + x];
        sum[(y + 1) * wide + x + 1] = sum[y * wide + x + 1] + row;
      }
    }
    return sum;
  }

  private static double box(double[] sum, int wide, int x0, int y0, int x1, int y1) {
    return sum[y1 * wide + x1] - sum[y0 * wide + x1] - sum[y1 * wide + x0] + sum[y0 * wide + x0];
  }

  /** Moves colours away from grey by a factor. */
  static void saturate(Picture picture, float factor) {
    for (int i = 0; i < picture.r.length; i++) {
      float grey = picture.luma(i);
      picture.set(
          i,
          grey + (picture.r[i] - grey) * factor,
          grey + (picture.g[i] - grey) * factor,
          grey + (picture.b[i] - grey) * factor);
    }
  }

  /** Value at a position that may lie between pixels or outside. */
  static float at(float[] plane, int side, float x, float y) {
    int x0 = within((int) Math.floor(x), side);
    int y0 = within((int) Math.floor(y), side);
    int x1 = within(x0 + 1, side);
    int y1 = within(y0 + 1, side);
    float fx = Picture.clamp(x - x0);
    float fy = Picture.clamp(y - y0);
    float top = plane[y0 * side + x0] * (1 - fx) + plane[y0 * side + x1] * fx;
    float low = plane[y1 * side + x0] * (1 - fx) + plane[y1 * side + x1] * fx;
    return top * (1 - fy) + low * fy;
  }

  /** Shifts every pixel by smooth random amounts, as a wet or unsteady hand does. */
  static Picture wobble(Picture picture, double amount, double cell, RandomGenerator random) {
    int side = picture.side;
    float[] dx = noise(side, cell, random);
    float[] dy = noise(side, cell, random);
    Picture out = new Picture(side);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int i = y * side + x;
        float u = (float) (x + amount * (2 * dx[i] - 1));
        float v = (float) (y + amount * (2 * dy[i] - 1));
        out.set(i, at(picture.r, side, u, v), at(picture.g, side, u, v), at(picture.b, side, u, v));
      }
    }
    return out;
  }

  /** Nearest of a jittered grid of points for each pixel, and how close the second nearest is. */
  static final class Cells {
    final int[] nearest;
    final float[] border;
    final float[] x;
    final float[] y;

    Cells(int side, double cell, double jitter, RandomGenerator random) {
      int across = (int) Math.ceil(side / cell) + 2;
      x = new float[across * across];
      y = new float[across * across];
      for (int j = 0; j < across; j++) {
        for (int i = 0; i < across; i++) {
          x[j * across + i] = (float) ((i - 0.5 + jitter * (random.nextDouble() - 0.5)) * cell);
          y[j * across + i] = (float) ((j - 0.5 + jitter * (random.nextDouble() - 0.5)) * cell);
        }
      }
      nearest = new int[side * side];
      border = new float[side * side];
      for (int py = 0; py < side; py++) {
        int cj = (int) (py / cell + 1);
        for (int px = 0; px < side; px++) {
          int ci = (int) (px / cell + 1);
          float first = Float.MAX_VALUE;
          float second = Float.MAX_VALUE;
          int best = 0;
          for (int j = Math.max(0, cj - 2); j <= Math.min(across - 1, cj + 2); j++) {
            for (int i = Math.max(0, ci - 2); i <= Math.min(across - 1, ci + 2); i++) {
              int k = j * across + i;
              float ddx = x[k] - px;
              float ddy = y[k] - py;
              float d = ddx * ddx + ddy * ddy;
              if (d < first) {
                second = first;
                first = d;
                best = k;
              } else if (d < second) {
                second = d;
              }
            }
          }
          nearest[py * side + px] = best;
          border[py * side + px] = (float) (Math.sqrt(second) - Math.sqrt(first));
        }
      }
    }

    int count() {
      return x.length;
    }

    /**
     * Mean colour of each cell, of its pixels inside the mask or of those outside, whichever are
     * more: three planes of {@link #count()} values.
     */
    float[][] means(Picture picture, float[] mask) {
      float[][] sums = new float[8][x.length];
      for (int i = 0; i < nearest.length; i++) {
        int k = nearest[i];
        int at = mask[i] > 0.5f ? 4 : 0;
        sums[at][k] += picture.r[i];
        sums[at + 1][k] += picture.g[i];
        sums[at + 2][k] += picture.b[i];
        sums[at + 3][k]++;
      }
      float[][] means = new float[3][x.length];
      for (int k = 0; k < x.length; k++) {
        int at = sums[7][k] > sums[3][k] ? 4 : 0;
        float n = Math.max(1, sums[at + 3][k]);
        means[0][k] = sums[at][k] / n;
        means[1][k] = sums[at + 1][k] / n;
        means[2][k] = sums[at + 2][k] / n;
      }
      return means;
    }
  }
}
