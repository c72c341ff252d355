package io.diptych.pretrain.data.paint;

import java.util.random.RandomGenerator;

/** Styles that live from lines: graphite, charcoal, chalk, light, ink and the knife. */
public final class Lines {

  private Lines() {}

  /** Grey graphite: outlines and hatching whose density follows the shade. */
  public static Picture pencilSketch(Scene scene, RandomGenerator random) {
    int side = scene.picture().side;
    Picture in = Planes.wobble(scene.picture(), side / 90.0, side / 12.0, random);
    float[] luma = Planes.blur(in.luma(), side, Math.max(1, side / 128));
    float[] edges = Planes.edges(in);
    float[] grain = Planes.grain(side, random);
    float[] pressure = Planes.noise(side, side / 16.0, random);
    Picture out = new Picture(side);
    float f = 2 * (float) Math.PI * 34 / side;
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int i = y * side + x;
        float shade = 1 - luma[i];
        float first = 0.5f + 0.5f * (float) Math.sin((x * 0.6f + y) * f + 3 * pressure[i]);
        float second = 0.5f + 0.5f * (float) Math.sin((x - 0.7f * y) * f + 3 * pressure[i]);
        float hatch = Planes.step(0.15f, 0.75f, shade) * 0.42f * first;
        hatch += Planes.step(0.5f, 0.95f, shade) * 0.4f * second;
        float line = Planes.step(0.25f, 1.3f, edges[i]) * (0.55f + 0.45f * pressure[i]);
        float dark = Math.min(0.88f, hatch + 0.85f * line) * (0.8f + 0.4f * grain[i]);
        float grey = 0.97f - 0.86f * Math.min(1, dark);
        out.set(i, grey, grey, grey * 1.005f);
      }
    }
    return out;
  }

  /** Black smudged charcoal on rough paper. */
  public static Picture charcoal(Scene scene, RandomGenerator random) {
    int side = scene.picture().side;
    Picture in = Planes.wobble(scene.picture(), side / 50.0, side / 10.0, random);
    float[] luma = Planes.blur(in.luma(), side, Math.max(1, side / 40));
    float[] edges = Planes.widen(Planes.edges(in), side, Math.max(1, side / 100));
    edges = Planes.blur(edges, side, Math.max(1, side / 128));
    float[] tooth = Planes.noise(side, side / 84.0, random);
    float[] grain = Planes.grain(side, random);
    float[] smudge = Planes.noise(side, side / 5.0, side / 11.0, random);
    Picture out = new Picture(side);
    for (int i = 0; i < out.r.length; i++) {
      float dark = 0.95f * (float) Math.pow(1 - Picture.clamp(luma[i]), 0.9);
      dark += 0.16f * smudge[i];
      dark += 0.75f * Planes.step(0.3f, 1.6f, edges[i]);
      float rough = 0.6f * tooth[i] + 0.4f * grain[i];
      dark *= 0.45f + 1.1f * rough;
      float grey = Math.max(0.05f, 0.9f - 0.9f * Math.min(1, dark));
      out.set(i, grey, grey * 0.985f, grey * 0.955f);
    }
    return out;
  }

  /** Dusty coloured chalk on a dark green board. */
  public static Picture chalkboard(Scene scene, RandomGenerator random) {
    int side = scene.picture().side;
    Picture in = Planes.wobble(scene.picture(), side / 70.0, side / 10.0, random);
    float[] edges = Planes.widen(Planes.edges(in), side, side >= 100 ? 1 : 0);
    float[] dust = Planes.noise(side, side / 4.0, side / 9.0, random);
    float[] tooth = Planes.noise(side, side / 76.0, random);
    float[] grain = Planes.grain(side, random);
    float f = 2 * (float) Math.PI * 22 / side;
    Picture out = new Picture(side);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int i = y * side + x;
        float smear = 0.05f * dust[i] + 0.03f * grain[i];
        out.set(i, 0.14f + smear, 0.235f + smear, 0.2f + smear);
        float rub = 0.5f + 0.5f * (float) Math.sin((x + 0.8f * y) * f + 4 * dust[i]);
        float cling = Planes.step(0.3f, 0.75f, 0.55f * tooth[i] + 0.45f * grain[i]);
        float inside = scene.mask()[i] > 0.5f ? 0.95f : 0.28f;
        float fill =
            inside * (0.45f + 0.55f * rub) * (0.4f + 0.6f * cling) * (0.4f + 0.6f * in.luma(i));
        float pale = 0.25f;
        out.mix(
            i,
            in.r[i] * (1 - pale) + pale,
            in.g[i] * (1 - pale) + pale,
            in.b[i] * (1 - pale) + pale,
            fill);
        float line = Planes.step(0.4f, 1.5f, edges[i]) * (0.35f + 0.65f * cling);
        out.mix(i, 0.95f, 0.95f, 0.91f, 0.95f * line);
      }
    }
    return out;
  }

  /** Glowing tubes of light on a night wall. */
  public static Picture neonGlow(Scene scene, RandomGenerator random) {
    int side = scene.picture().side;
    Picture calm = Planes.kuwahara(scene.picture(), Math.max(1, side / 48));
    float[] edges = Planes.edges(Planes.blur(calm, Math.max(1, side / 128)));
    float[] outline = Planes.edges(Planes.blur(scene.mask(), side, Math.max(1, side / 128)), side);
    Picture near = Planes.blur(scene.picture(), Math.max(1, side / 40));
    float[][] base = {{1f, 0.18f, 0.62f}, {0.1f, 0.9f, 1f}, {0.65f, 0.35f, 1f}, {0.2f, 1f, 0.5f}};
    float[] first = base[random.nextInt(base.length)];
    Picture tubes = new Picture(side);
    for (int i = 0; i < edges.length; i++) {
      float line = Planes.step(0.3f, 1.1f, edges[i]) * (0.3f + 0.7f * scene.mask()[i]);
      float rim = Planes.step(0.5f, 1.6f, outline[i]);
      // The lamp takes the hue of what it outlines, or the sign's own colour where that is grey.
      float top = Math.max(near.r[i], Math.max(near.g[i], near.b[i]));
      float low = Math.min(near.r[i], Math.min(near.g[i], near.b[i]));
      float chroma = Picture.clamp((top - low) * 2.2f);
      float span = Math.max(0.001f, top - low);
      float red = chroma * (near.r[i] - low) / span + (1 - chroma) * first[0];
      float green = chroma * (near.g[i] - low) / span + (1 - chroma) * first[1];
      float blue = chroma * (near.b[i] - low) / span + (1 - chroma) * first[2];
      tubes.set(i, red * line, green * line, blue * line);
      tubes.mix(i, first[0], first[1], first[2], rim);
    }
    Picture halo = Planes.blur(tubes, Math.max(2, side / 26));
    Picture wide = Planes.blur(tubes, Math.max(3, side / 10));
    Picture out = new Picture(side);
    for (int i = 0; i < edges.length; i++) {
      float core = 0.35f * Math.max(tubes.r[i], Math.max(tubes.g[i], tubes.b[i]));
      out.set(
          i,
          0.035f + 0.05f * near.r[i] + tubes.r[i] + core + 1.1f * halo.r[i] + 0.5f * wide.r[i],
          0.02f + 0.05f * near.g[i] + tubes.g[i] + core + 1.1f * halo.g[i] + 0.5f * wide.g[i],
          0.075f + 0.06f * near.b[i] + tubes.b[i] + core + 1.1f * halo.b[i] + 0.5f * wide.b[i]);
    }
    return out;
  }

  /** White construction lines and a grid on blue paper. */
  public static Picture blueprint(Scene scene, RandomGenerator random) {
    int side = scene.picture().side;
    float[] edges = Planes.edges(scene.picture());
    float[] outline = Planes.edges(scene.mask(), side);
    float[] stain = Planes.noise(side, side / 4.0, random);
    float[] luma = scene.picture().luma();
    int cell = Math.max(4, side / 8);
    int shiftX = random.nextInt(cell);
    int shiftY = random.nextInt(cell);
    int thick = Math.max(1, side / 64);
    Picture out = new Picture(side);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int i = y * side + x;
        float light = 0.92f + 0.16f * stain[i];
        out.set(i, 0.09f * light, 0.27f * light, 0.58f * light);
        if ((x + shiftX) % cell < thick || (y + shiftY) % cell < thick) {
          out.mix(i, 0.55f, 0.72f, 0.95f, 0.30f);
        }
        out.mix(i, 0.45f, 0.64f, 0.92f, 0.28f * scene.mask()[i] * luma[i]);
        float line =
            Math.max(
                Planes.step(0.9f, 2.0f, outline[i]),
                Planes.step(0.35f, 1.4f, edges[i]) * (0.45f + 0.4f * scene.mask()[i]));
        out.mix(i, 0.93f, 0.97f, 1f, line);
      }
    }
    return out;
  }

  /** Two tones cut with a knife: the lines swell with the shade. */
  public static Picture woodcut(Scene scene, RandomGenerator random) {
    int side = scene.picture().side;
    Picture calm = Planes.kuwahara(scene.picture(), Math.max(1, side / 60));
    float[] luma = Planes.blur(calm.luma(), side, Math.max(1, side / 128));
    float[] wave = Planes.noise(side, side / 3.0, random);
    float[] wood = Planes.noise(side, side / 2.0, side / 40.0, random);
    float[] edges = Planes.edges(calm);
    float[] outline = Planes.widen(Planes.edges(scene.mask(), side), side, side / 128);
    Picture out = new Picture(side);
    float f = 2 * (float) Math.PI * 17 / side;
    float tilt = 0.25f * (random.nextFloat() - 0.5f);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int i = y * side + x;
        boolean subject = scene.mask()[i] > 0.5f;
        // The knife turns with the form: a gentle arc inside the subject, level lines behind it.
        float along = subject ? y + 0.55f * x + 0.12f * side * luma[i] : y + tilt * x;
        float cut = 0.5f + 0.5f * (float) Math.sin(along * f + 5 * wave[i]);
        float tone = luma[i] * 1.08f - 0.02f + 0.10f * (wood[i] - 0.5f);
        float ink = Planes.step(tone - 0.10f, tone + 0.10f, 0.10f + 0.80f * cut);
        ink = Math.max(ink, Planes.step(0.5f, 1.1f, edges[i]) * (luma[i] < 0.55f ? 1 : 0.85f));
        ink = Math.max(ink, Planes.step(0.8f, 1.8f, outline[i]));
        out.set(i, 0.945f, 0.90f, 0.79f);
        out.mix(i, 0.10f, 0.075f, 0.07f, ink);
      }
    }
    return out;
  }
}
