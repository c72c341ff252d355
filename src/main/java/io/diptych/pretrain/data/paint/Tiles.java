package io.diptych.pretrain.data.paint;

import java.util.random.RandomGenerator;

/** Styles that build the picture from pieces: pixels, stones, glass, facets, stitches. */
public final class Tiles {

  private Tiles() {}

  /** About 21 x 21 blocks with few colours and a dark outline, as on an early game console. */
  public static Picture pixelArt(Scene scene, RandomGenerator random) {
    Picture in = scene.picture();
    int side = in.side;
    int block = Math.max(2, Math.round(side * 3 / 64f));
    int across = (side + block - 1) / block;
    Picture small = new Picture(across);
    float[] cover = new float[across * across];
    for (int j = 0; j < across; j++) {
      for (int i = 0; i < across; i++) {
        float red = 0;
        float green = 0;
        float blue = 0;
        float mask = 0;
        int n = 0;
        for (int y = j * block; y < Math.min(side, (j + 1) * block); y++) {
          for (int x = i * block; x < Math.min(side, (i + 1) * block); x++) {
            int k = y * side + x;
            red += in.r[k];
            green += in.g[k];
            blue += in.b[k];
            mask += scene.mask()[k];
            n++;
          }
        }
        small.set(j * across + i, red / n, green / n, blue / n);
        cover[j * across + i] = mask / n;
      }
    }
    Planes.saturate(small, 1.25f);
    float levels = 4;
    for (int i = 0; i < across * across; i++) {
      small.set(
          i,
          Math.round(Picture.clamp(small.r[i]) * levels) / levels,
          Math.round(Picture.clamp(small.g[i]) * levels) / levels,
          Math.round(Picture.clamp(small.b[i]) * levels) / levels);
    }
    boolean[] outline = new boolean[across * across];
    for (int j = 0; j < across; j++) {
      for (int i = 0; i < across; i++) {
        int k = j * across + i;
        if (cover[k] < 0.5f) {
          outline[k] =
              (i > 0 && cover[k - 1] >= 0.5f)
                  || (i < across - 1 && cover[k + 1] >= 0.5f)
                  || (j > 0 && cover[k - across] >= 0.5f)
                  || (j < across - 1 && cover[k + across] >= 0.5f);
        }
      }
    }
    Picture out = new Picture(side);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int k = (y / block) * across + x / block;
        if (outline[k]) {
          out.set(y * side + x, 0x1B1426);
        } else {
          out.set(y * side + x, small, k);
        }
      }
    }
    return out;
  }

  /** Small square stones set by hand in pale grout. */
  public static Picture mosaic(Scene scene, RandomGenerator random) {
    Picture in = scene.picture().copy();
    Planes.saturate(in, 1.3f);
    int side = in.side;
    double cell = side / 20.0;
    Planes.Cells cells = new Planes.Cells(side, cell, 0.35, random);
    float[][] means = cells.means(in, scene.mask());
    float[] light = new float[cells.count()];
    for (int k = 0; k < light.length; k++) {
      light[k] = 0.82f + 0.36f * random.nextFloat();
    }
    Picture out = new Picture(side);
    float joint = (float) (cell * 0.22);
    for (int i = 0; i < out.r.length; i++) {
      int k = cells.nearest[i];
      float bevel = 0.9f + 0.12f * Planes.step(0, (float) cell, cells.border[i]);
      float l = light[k] * bevel;
      out.set(
          i,
          0.94f * means[0][k] * l + 0.02f,
          0.94f * means[1][k] * l + 0.02f,
          0.94f * means[2][k] * l + 0.02f);
      out.mix(i, 0xBDB5A6, 1 - Planes.step(joint * 0.5f, joint, cells.border[i]));
    }
    return out;
  }

  /** Large panes of glowing glass between black lead. */
  public static Picture stainedGlass(Scene scene, RandomGenerator random) {
    int side = scene.picture().side;
    Picture flat = Planes.kuwahara(scene.picture(), Math.max(1, side / 40));
    Planes.saturate(flat, 1.7f);
    double cell = side / 9.5;
    Planes.Cells cells = new Planes.Cells(side, cell, 0.9, random);
    // Panes end at the subject's outline: a cell is two panes where it crosses it.
    float[][] sums = new float[8][cells.count()];
    for (int i = 0; i < flat.r.length; i++) {
      int at = scene.mask()[i] > 0.5f ? 4 : 0;
      int k = cells.nearest[i];
      sums[at][k] += flat.r[i];
      sums[at + 1][k] += flat.g[i];
      sums[at + 2][k] += flat.b[i];
      sums[at + 3][k]++;
    }
    float[] glow = new float[cells.count()];
    for (int k = 0; k < glow.length; k++) {
      glow[k] = 0.78f + 0.5f * random.nextFloat();
    }
    float[] streaks = Planes.noise(side, side / 24.0, side / 8.0, random);
    float[] outline = Planes.widen(Planes.edges(scene.mask(), side), side, Math.max(0, side / 128));
    Picture out = new Picture(side);
    float lead = side / 52f;
    for (int i = 0; i < out.r.length; i++) {
      int k = cells.nearest[i];
      int at = scene.mask()[i] > 0.5f ? 4 : 0;
      float n = Math.max(1, sums[at + 3][k]);
      float l = glow[k] * (0.88f + 0.24f * streaks[i]);
      // Half the pane's mean, half the drawing, so that eyes and windows survive.
      out.set(
          i,
          (0.5f * sums[at][k] / n + 0.5f * flat.r[i]) * l,
          (0.5f * sums[at + 1][k] / n + 0.5f * flat.g[i]) * l,
          (0.5f * sums[at + 2][k] / n + 0.5f * flat.b[i]) * l);
      float dark =
          Math.max(
              1 - Planes.step(lead * 0.7f, lead * 1.3f, cells.border[i]),
              Planes.step(0.9f, 1.7f, outline[i]));
      out.mix(i, 0x0C0B0E, dark);
    }
    return out;
  }

  /** Flat triangles, as in an early 3D scene. */
  public static Picture lowPoly(Scene scene, RandomGenerator random) {
    Picture in = scene.picture();
    int side = in.side;
    int across = 14;
    double cell = (double) side / across;
    int points = across + 1;
    double[] px = new double[points * points];
    double[] py = new double[points * points];
    float[] edges = Planes.edges(Planes.blur(in, Math.max(1, side / 128)));
    float[] outline = Planes.edges(scene.mask(), side);
    for (int i = 0; i < edges.length; i++) {
      edges[i] = Math.max(0.6f * edges[i], outline[i]);
    }
    for (int j = 0; j < points; j++) {
      for (int i = 0; i < points; i++) {
        int k = j * points + i;
        boolean edgeX = i == 0 || i == across;
        boolean edgeY = j == 0 || j == across;
        px[k] = (i + (edgeX ? 0 : 0.7 * (random.nextDouble() - 0.5))) * cell;
        py[k] = (j + (edgeY ? 0 : 0.7 * (random.nextDouble() - 0.5))) * cell;
        if (!edgeX && !edgeY) {
          snap(edges, side, i * cell, j * cell, 0.46 * cell, px, py, k);
        }
      }
    }
    Picture out = in.copy();
    for (int j = 0; j < across; j++) {
      for (int i = 0; i < across; i++) {
        int a = j * points + i;
        int[] corners = {a, a + 1, a + points, a + points + 1};
        boolean fall = random.nextBoolean();
        triangle(
            scene, out, px, py, corners[0], corners[1], fall ? corners[3] : corners[2], random);
        triangle(
            scene, out, px, py, fall ? corners[0] : corners[1], corners[3], corners[2], random);
      }
    }
    return out;
  }

  /**
   * Moves a corner to the strongest edge near its place on the grid, so that facets follow the
   * shapes.
   */
  private static void snap(
      float[] edges, int side, double x, double y, double reach, double[] px, double[] py, int k) {
    float strongest = 0.5f;
    for (int v = (int) Math.ceil(y - reach); v <= Math.min(side - 1, y + reach); v++) {
      for (int u = (int) Math.ceil(x - reach); u <= Math.min(side - 1, x + reach); u++) {
        if (edges[v * side + u] > strongest) {
          strongest = edges[v * side + u];
          px[k] = u;
          py[k] = v;
        }
      }
    }
  }

  private static void triangle(
      Scene scene,
      Picture out,
      double[] px,
      double[] py,
      int a,
      int b,
      int c,
      RandomGenerator random) {
    Picture in = scene.picture();
    int side = in.side;
    int left = (int) Math.max(0, Math.floor(Math.min(px[a], Math.min(px[b], px[c]))));
    int right = (int) Math.min(side - 1, Math.ceil(Math.max(px[a], Math.max(px[b], px[c]))));
    int top = (int) Math.max(0, Math.floor(Math.min(py[a], Math.min(py[b], py[c]))));
    int bottom = (int) Math.min(side - 1, Math.ceil(Math.max(py[a], Math.max(py[b], py[c]))));
    // A facet belongs to the subject or to what is behind it, whichever fills more of it.
    float[][] sums = new float[2][4];
    int n = 0;
    int[] inside = new int[(right - left + 1) * (bottom - top + 1)];
    for (int y = top; y <= bottom; y++) {
      for (int x = left; x <= right; x++) {
        double d1 = turn(px[a], py[a], px[b], py[b], x, y);
        double d2 = turn(px[b], py[b], px[c], py[c], x, y);
        double d3 = turn(px[c], py[c], px[a], py[a], x, y);
        if ((d1 >= 0 && d2 >= 0 && d3 >= 0) || (d1 <= 0 && d2 <= 0 && d3 <= 0)) {
          int i = y * side + x;
          float[] sum = sums[scene.mask()[i] > 0.5f ? 1 : 0];
          sum[0] += in.r[i];
          sum[1] += in.g[i];
          sum[2] += in.b[i];
          sum[3]++;
          inside[n++] = i;
        }
      }
    }
    if (n == 0) {
      return;
    }
    // Lit from above left: the shade follows the facet's random tilt.
    float light = 0.86f + 0.28f * random.nextFloat();
    float[] most = sums[1][3] > sums[0][3] ? sums[1] : sums[0];
    float scale = light / most[3];
    for (int k = 0; k < n; k++) {
      out.set(inside[k], most[0] * scale, most[1] * scale, most[2] * scale);
    }
  }

  private static double turn(double ax, double ay, double bx, double by, double x, double y) {
    return (bx - ax) * (y - ay) - (by - ay) * (x - ax);
  }

  /** Crossed stitches of yarn on linen. */
  public static Picture crossStitch(Scene scene, RandomGenerator random) {
    Picture in = scene.picture().copy();
    Planes.saturate(in, 1.4f);
    int side = in.side;
    int cell = Math.max(4, Math.round(side / 21.4f));
    int across = (side + cell - 1) / cell;
    Picture out = Picture.filled(side, 0xEDE4D2);
    for (int i = 0; i < out.r.length; i++) {
      int x = i % side;
      int y = i / side;
      if (x % cell == 0 || y % cell == 0) {
        out.scale(i, 0.86f);
      }
    }
    for (int j = 0; j < across; j++) {
      for (int i = 0; i < across; i++) {
        int x0 = i * cell;
        int y0 = j * cell;
        int x1 = Math.min(side, x0 + cell);
        int y1 = Math.min(side, y0 + cell);
        float red = 0;
        float green = 0;
        float blue = 0;
        int n = 0;
        for (int y = y0; y < y1; y++) {
          for (int x = x0; x < x1; x++) {
            int k = y * side + x;
            red += in.r[k];
            green += in.g[k];
            blue += in.b[k];
            n++;
          }
        }
        float light = 0.92f + 0.16f * random.nextFloat();
        red = red / n * light;
        green = green / n * light;
        blue = blue / n * light;
        if (red > 0.86f && green > 0.86f && blue > 0.86f) {
          continue;
        }
        for (int y = y0; y < y1; y++) {
          for (int x = x0; x < x1; x++) {
            float u = (x - x0 + 0.5f) / cell;
            float v = (y - y0 + 0.5f) / cell;
            float under = Math.abs(u - v);
            float over = Math.abs(u + v - 1);
            if (over < 0.27f) {
              out.set(y * side + x, red, green, blue);
              out.scale(y * side + x, 1.12f - 1.2f * over);
            } else if (under < 0.27f) {
              out.set(y * side + x, red, green, blue);
              out.scale(y * side + x, 0.80f - 0.6f * under);
            }
          }
        }
      }
    }
    return out;
  }
}
