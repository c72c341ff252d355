package io.diptych.pretrain.data.paint;

import java.util.random.RandomGenerator;

/** Styles made with a brush, a finger or a crayon: colour laid on a ground. */
public final class Washes {

  private Washes() {}

  /** Thin colour that pools at its edges and fades into rough white paper. */
  public static Picture watercolor(Scene scene, RandomGenerator random) {
    int side = scene.picture().side;
    Picture wet = Planes.wobble(scene.picture(), side / 50.0, side / 9.0, random);
    wet = Planes.kuwahara(wet, Math.max(2, side / 36));
    wet = Planes.wobble(wet, side / 64.0, side / 28.0, random);
    wet = Planes.blur(wet, Math.max(1, side / 128));
    float[] pools = Planes.edges(wet);
    pools = Planes.blur(pools, side, Math.max(1, side / 128));
    float[] flow = Planes.noise(side, side / 5.0, random);
    float[] flow2 = Planes.noise(side, side / 14.0, random);
    float[] paper = Planes.noise(side, side / 70.0, random);
    float[] ragged = Planes.noise(side, side / 7.0, random);
    Picture out = new Picture(side);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int i = y * side + x;
        float density = 0.52f + 0.5f * (0.6f * flow[i] + 0.4f * flow2[i]);
        density += 0.28f * Math.min(1, pools[i]);
        density -= 0.16f * (paper[i] - 0.5f);
        // The wash stops before the edge of the sheet.
        float edge = Math.min(Math.min(x, side - 1 - x), Math.min(y, side - 1 - y)) / (float) side;
        density *= Planes.step(0.0f, 0.07f, edge + 0.06f * (ragged[i] - 0.55f));
        float sheet = 0.985f - 0.03f * paper[i];
        // Pigment takes light away from the paper, as far as its own colour.
        out.set(
            i,
            sheet * (1 - density * (1 - wet.r[i])),
            sheet * (1 - density * (1 - wet.g[i])),
            sheet * (1 - density * (1 - wet.b[i])));
      }
    }
    return out;
  }

  /** Thick strokes along the shapes, with the relief of bristles. */
  public static Picture oilPainting(Scene scene, RandomGenerator random) {
    int side = scene.picture().side;
    Picture in = scene.picture().copy();
    Planes.saturate(in, 1.18f);
    Picture calm = Planes.blur(in, Math.max(1, side / 50));
    float[] luma = calm.luma();
    Picture out = Planes.kuwahara(in, Math.max(2, side / 24));
    float[] relief = new float[side * side];
    strokes(calm, in, luma, out, relief, side / 9.0, side / 26.0, 420, random);
    strokes(calm, in, luma, out, relief, side / 14.0, side / 42.0, 900, random);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int i = y * side + x;
        int j = Planes.within(y - 1, side) * side + Planes.within(x - 1, side);
        out.scale(i, 1 + 0.55f * (relief[i] - relief[j]));
      }
    }
    return out;
  }

  private static void strokes(
      Picture calm,
      Picture in,
      float[] luma,
      Picture out,
      float[] relief,
      double length,
      double width,
      int count,
      RandomGenerator random) {
    int side = in.side;
    for (int n = 0; n < count; n++) {
      int cx = random.nextInt(side);
      int cy = random.nextInt(side);
      int c = cy * side + cx;
      int reach = Math.max(1, side / 32);
      float gx =
          luma[cy * side + Planes.within(cx + reach, side)]
              - luma[cy * side + Planes.within(cx - reach, side)];
      float gy =
          luma[Planes.within(cy + reach, side) * side + cx]
              - luma[Planes.within(cy - reach, side) * side + cx];
      double strength = Math.hypot(gx, gy);
      double angle =
          strength > 0.04 ? Math.atan2(gx, -gy) : 0.6 + 1.1 * (random.nextDouble() - 0.5);
      double half = (strength > 0.15 ? 0.6 : 1) * length / 2;
      float light = 0.9f + 0.2f * random.nextFloat();
      float tint = 0.06f * (random.nextFloat() - 0.5f);
      float red = in.r[c] * light + tint;
      float green = in.g[c] * light;
      float blue = in.b[c] * light - tint;
      double cos = Math.cos(angle);
      double sin = Math.sin(angle);
      int box = (int) Math.ceil(half + width);
      double bristle = 2 + random.nextDouble() * 2;
      for (int y = Math.max(0, cy - box); y <= Math.min(side - 1, cy + box); y++) {
        for (int x = Math.max(0, cx - box); x <= Math.min(side - 1, cx + box); x++) {
          double along = (x - cx) * cos + (y - cy) * sin;
          double across = -(x - cx) * sin + (y - cy) * cos;
          double d = (along * along) / (half * half) + (across * across) / (width * width / 4);
          int i = y * side + x;
          // A stroke does not run over a strong contrast.
          if (d < 1 && Math.abs(luma[i] - luma[c]) < 0.22) {
            float amount = (float) (0.92 * (1 - d * d));
            out.mix(i, red, green, blue, amount);
            relief[i] =
                (float) (0.4 * (1 - d) + 0.3 * Math.sin(across * bristle * 128 / side)) * amount
                    + relief[i] * (1 - amount);
          }
        }
      }
    }
  }

  /** Round dabs of pure colour side by side on a light ground. */
  public static Picture pointillism(Scene scene, RandomGenerator random) {
    int side = scene.picture().side;
    Picture in = scene.picture().copy();
    Planes.saturate(in, 1.45f);
    Picture out = Picture.filled(side, 0xF3EDDD);
    double radius = side / 46.0;
    int dabs = 2600;
    for (int n = 0; n < dabs; n++) {
      int cx = random.nextInt(side);
      int cy = random.nextInt(side);
      int c = cy * side + cx;
      float spread = 0.34f;
      float red = in.r[c] + spread * (random.nextFloat() - 0.5f);
      float green = in.g[c] + spread * (random.nextFloat() - 0.5f);
      float blue = in.b[c] + spread * (random.nextFloat() - 0.5f);
      double r = radius * (0.75 + 0.5 * random.nextDouble());
      int box = (int) Math.ceil(r);
      for (int y = Math.max(0, cy - box); y <= Math.min(side - 1, cy + box); y++) {
        for (int x = Math.max(0, cx - box); x <= Math.min(side - 1, cx + box); x++) {
          double d = Math.hypot(x - cx, y - cy);
          if (d < r) {
            out.mix(y * side + x, red, green, blue, (float) Math.min(1, (r - d) * 1.5));
          }
        }
      }
    }
    return out;
  }

  /** Waxy slanting strokes that leave the paper's grain white. */
  public static Picture crayon(Scene scene, RandomGenerator random) {
    int side = scene.picture().side;
    Picture in = Planes.wobble(scene.picture(), side / 50.0, side / 10.0, random);
    Planes.saturate(in, 1.35f);
    float[] tooth = Planes.noise(side, side / 80.0, random);
    float angle = 0.7f + 0.5f * (random.nextFloat() - 0.5f);
    float cos = (float) Math.cos(angle);
    float sin = (float) Math.sin(angle);
    float[] drift = Planes.noise(side, side / 12.0, random);
    float[] line = Planes.edges(Planes.blur(in, Math.max(1, side / 128)));
    Picture out = new Picture(side);
    float frequency = 2 * (float) Math.PI * 30 / side;
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int i = y * side + x;
        float across = -x * sin + y * cos;
        float stroke = 0.5f + 0.5f * (float) Math.sin(across * frequency + 7 * drift[i]);
        float wax = Planes.step(0.1f, 0.75f, 0.55f * stroke + 0.75f * tooth[i] - 0.05f);
        float depth = 0.25f + 0.72f * wax;
        out.set(i, 0.985f, 0.98f, 0.965f);
        out.mix(i, in.r[i], in.g[i], in.b[i], depth);
        float outline = Planes.step(0.5f, 1.6f, line[i]) * (0.35f + 0.65f * tooth[i]);
        out.mix(i, in.r[i] * 0.35f, in.g[i] * 0.3f, in.b[i] * 0.35f, 0.75f * outline);
      }
    }
    return out;
  }
}
