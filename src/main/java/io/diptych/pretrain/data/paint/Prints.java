package io.diptych.pretrain.data.paint;

import java.util.random.RandomGenerator;

/** Styles of the press and the darkroom: dots, flat inks, cut paper, old photographs. */
public final class Prints {

  private static final int[][] POP_PALETTES = {
    {0x2B1A6B, 0xFF2E88, 0xFFE53B, 0x29D6E6},
    {0x14213D, 0xE63946, 0xFFB703, 0x8ECAE6},
    {0x3A0CA3, 0xF72585, 0x4CC9F0, 0xFDFD96},
    {0x1B1B1B, 0xFF4D00, 0x00C2A8, 0xFFF275},
    {0x5A0B4D, 0x00A6FB, 0xFF6FB5, 0xF9F871}
  };

  private Prints() {}

  /** Comic printing: flat colour in dots, black outlines, cream paper. */
  public static Picture halftoneComic(Scene scene, RandomGenerator random) {
    int side = scene.picture().side;
    Picture flat = Planes.kuwahara(scene.picture(), Math.max(1, side / 48));
    Planes.saturate(flat, 1.5f);
    float[] edges = Planes.edges(flat);
    float[] outline = Planes.widen(Planes.edges(scene.mask(), side), side, side / 128);
    float cell = side / 22f;
    float shiftX = random.nextFloat() * cell;
    float shiftY = random.nextFloat() * cell;
    Picture out = new Picture(side);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int i = y * side + x;
        out.set(i, 0.985f, 0.955f, 0.87f);
        // One screen at 45 degrees; where the shade is dark the dots meet.
        float u = (x + y) * 0.7071f + shiftX;
        float v = (x - y) * 0.7071f + shiftY + 4 * side;
        float du = u - (float) Math.floor(u / cell) * cell - cell / 2;
        float dv = v - (float) Math.floor(v / cell) * cell - cell / 2;
        float distance = (float) Math.sqrt(du * du + dv * dv) / cell;
        float top = Math.max(flat.r[i], Math.max(flat.g[i], flat.b[i]));
        float low = Math.min(flat.r[i], Math.min(flat.g[i], flat.b[i]));
        float ink = Picture.clamp(1.1f * (1 - 0.55f * flat.luma(i) - 0.45f * low));
        float radius = 0.10f + 0.62f * (float) Math.sqrt(ink);
        if (ink < 0.05f) {
          radius = 0;
        }
        float dot = 1 - Planes.step(radius - 0.07f, radius + 0.07f, distance);
        float lift = top > 0.01f ? Math.min(1.6f, 0.92f / Math.max(0.35f, top)) : 1;
        out.mix(i, flat.r[i] * lift, flat.g[i] * lift, flat.b[i] * lift, dot);
        float dark = Planes.step(0.25f, 0.12f, flat.luma(i));
        float line =
            Math.max(Planes.step(0.9f, 1.6f, edges[i]), Planes.step(0.8f, 1.6f, outline[i]));
        out.mix(i, 0.06f, 0.05f, 0.08f, Math.max(line, dark));
      }
    }
    return out;
  }

  /** Four flat screen-print inks that have nothing to do with nature. */
  public static Picture popArt(Scene scene, RandomGenerator random) {
    int side = scene.picture().side;
    Picture flat = Planes.kuwahara(scene.picture(), Math.max(1, side / 40));
    float[] luma = Planes.blur(flat.luma(), side, Math.max(1, side / 128));
    int[] inks = POP_PALETTES[random.nextInt(POP_PALETTES.length)];
    int ground = inks[1 + random.nextInt(3)];
    Picture out = new Picture(side);
    for (int i = 0; i < luma.length; i++) {
      float tone = luma[i];
      out.set(i, inks[0]);
      out.mix(i, inks[1], Planes.step(0.30f, 0.36f, tone));
      out.mix(i, inks[3], Planes.step(0.54f, 0.60f, tone));
      out.mix(i, inks[2], Planes.step(0.78f, 0.84f, tone));
      // The background is one lighter or darker field of a single ink.
      float outside = 1 - Planes.step(0.3f, 0.7f, scene.mask()[i]);
      float kept = 0.72f + 0.28f * Math.round(tone * 2) / 2f;
      out.mix(
          i,
          ((ground >> 16) & 255) / 255f * kept,
          ((ground >> 8) & 255) / 255f * kept,
          (ground & 255) / 255f * kept,
          outside);
    }
    float[] outline = Planes.widen(Planes.edges(scene.mask(), side), side, side / 128);
    // The key plate is a little off register.
    int shift = 1 + random.nextInt(Math.max(1, side / 50));
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int from = Planes.within(y - shift, side) * side + Planes.within(x - shift, side);
        out.mix(y * side + x, inks[0], Planes.step(1.0f, 1.8f, outline[from]));
      }
    }
    return out;
  }

  /** Layers of coloured paper that throw shadows on each other. */
  public static Picture paperCutout(Scene scene, RandomGenerator random) {
    int side = scene.picture().side;
    Picture flat = Planes.kuwahara(scene.picture(), Math.max(2, side / 22));
    flat = Planes.kuwahara(flat, Math.max(2, side / 30));
    for (int i = 0; i < flat.r.length; i++) {
      // Muted card: few levels, never quite white or black.
      flat.set(i, card(flat.r[i]), card(flat.g[i]), card(flat.b[i]));
    }
    float[] luma = flat.luma();
    float[] fibre = Planes.noise(side, side / 50.0, random);
    float[] grain = Planes.grain(side, random);
    int drop = Math.max(2, side / 26);
    float[] lifted = Planes.blur(scene.mask(), side, Math.max(1, side / 40));
    Picture out = new Picture(side);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int i = y * side + x;
        int from = Planes.within(y - drop, side) * side + Planes.within(x - drop, side);
        float shade = 1 + 0.05f * (fibre[i] - 0.5f) + 0.05f * (grain[i] - 0.5f);
        shade -= 0.62f * lifted[from] * (1 - scene.mask()[i]);
        int near = Planes.within(y - drop / 2, side) * side + Planes.within(x - drop / 2, side);
        // An inner edge: the paler sheet lies on top.
        shade -= 0.32f * Planes.step(0.03f, 0.25f, luma[near] - luma[i]) * scene.mask()[i];
        int next = Planes.within(y + 1, side) * side + Planes.within(x + 1, side);
        shade += 0.22f * Planes.step(0.1f, 0.6f, scene.mask()[next] - scene.mask()[i]);
        out.set(i, flat.r[i] * shade, flat.g[i] * shade, flat.b[i] * shade);
      }
    }
    return out;
  }

  private static float card(float value) {
    return 0.14f + 0.78f * Math.round(Picture.clamp(value) * 5) / 5f;
  }

  /** A brown print with a soft focus, dark corners, dust and scratches. */
  public static Picture vintagePhoto(Scene scene, RandomGenerator random) {
    int side = scene.picture().side;
    Picture soft = Planes.blur(scene.picture(), Math.max(1, side / 90));
    float[] grain = Planes.grain(side, random);
    float[] fade = Planes.noise(side, side / 3.0, random);
    Picture out = new Picture(side);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int i = y * side + x;
        float dx = (x + 0.5f) / side - 0.5f;
        float dy = (y + 0.5f) / side - 0.5f;
        float corner = 1 - 1.25f * Math.max(0, dx * dx + dy * dy - 0.08f);
        float tone = soft.luma(i);
        tone = 0.06f + 0.96f * tone * tone * (3 - 2 * tone) + 0.10f * (fade[i] - 0.5f);
        tone = Picture.clamp(tone * corner + 0.09f * (grain[i] - 0.5f));
        out.set(i, 0.13f + 0.84f * tone, 0.075f + 0.80f * tone, 0.03f + 0.63f * tone);
      }
    }
    for (int n = random.nextInt(2, 5); n > 0; n--) {
      int x = random.nextInt(side);
      int from = random.nextInt(side);
      int to = Math.min(side, from + side / 3);
      for (int y = from; y < to; y++) {
        out.mix(y * side + x, 0.95f, 0.88f, 0.72f, 0.45f);
      }
    }
    for (int n = random.nextInt(4, 10); n > 0; n--) {
      out.mix(random.nextInt(side * side), 0.96f, 0.9f, 0.78f, 0.8f);
    }
    return out;
  }
}
