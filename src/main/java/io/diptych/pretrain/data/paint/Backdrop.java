package io.diptych.pretrain.data.paint;

import static java.awt.RenderingHints.KEY_ANTIALIASING;
import static java.awt.RenderingHints.VALUE_ANTIALIAS_ON;

import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A place or a plain colour behind the subject, drawn by procedure with random variation. */
public sealed interface Backdrop {

  /** Short stable name, as written in the data set: {@code beach}, {@code plain-red}. */
  String id();

  /** Ways to say it in a caption, the usual one first; empty for white, which is not mentioned. */
  List<String> phrases();

  /** Whether there is ground to stand on, so that the subject stands low and casts a shadow. */
  boolean grounded();

  /** Whether the caption names a colour, which a style without colours would make untrue. */
  default boolean namesColour() {
    return this instanceof Plain;
  }

  /**
   * Draws it.
   *
   * @param sprite what will stand before it, so that plain colours can keep a contrast
   */
  Picture paint(int side, Sprite sprite, RandomGenerator random);

  /** White paper. */
  record White() implements Backdrop {
    @Override
    public String id() {
      return "white";
    }

    @Override
    public List<String> phrases() {
      return List.of();
    }

    @Override
    public boolean grounded() {
      return false;
    }

    @Override
    public Picture paint(int side, Sprite sprite, RandomGenerator random) {
      return Picture.filled(side, 0xFFFFFF);
    }
  }

  /** One even colour. */
  record Plain(String name, int rgb) implements Backdrop {

    /** The colours that have a name of their own. */
    public static final List<Plain> ALL =
        List.of(
            new Plain("red", 0xD8403A),
            new Plain("orange", 0xF39A3C),
            new Plain("yellow", 0xF7DB5B),
            new Plain("green", 0x5DB565),
            new Plain("light blue", 0x9AD3F2),
            new Plain("blue", 0x3D74CC),
            new Plain("purple", 0x8C62BF),
            new Plain("pink", 0xF4A6BF),
            new Plain("brown", 0x8A6243),
            new Plain("gray", 0xA9ADB3),
            new Plain("black", 0x1E1E22));

    @Override
    public String id() {
      return "plain-" + name.replace(' ', '-');
    }

    @Override
    public List<String> phrases() {
      return List.of(
          (name.startsWith("o") ? "on an " : "on a ") + name + " background",
          "on a plain " + name + " background");
    }

    @Override
    public boolean grounded() {
      return false;
    }

    /** Distance between this colour and the sprite's mean; below about 0.3 the subject drowns. */
    double contrastTo(Sprite sprite) {
      float[] mean = sprite.meanColour();
      double dr = mean[0] - ((rgb >> 16) & 255) / 255.0;
      double dg = mean[1] - ((rgb >> 8) & 255) / 255.0;
      double db = mean[2] - (rgb & 255) / 255.0;
      return Math.sqrt(dr * dr + dg * dg + db * db);
    }

    @Override
    public Picture paint(int side, Sprite sprite, RandomGenerator random) {
      Picture picture = Picture.filled(side, rgb);
      float light = 0.94f + 0.12f * random.nextFloat();
      for (int i = 0; i < picture.r.length; i++) {
        picture.scale(i, light);
      }
      return picture;
    }
  }

  /** A drawn place. */
  enum Place implements Backdrop {
    BEACH(true, "on the beach", "at the beach", "by the sea") {
      @Override
      void draw(Brush b) {
        double horizon = b.between(0.28, 0.42);
        double shore = horizon + b.between(0.14, 0.24);
        b.gradient(0, horizon, b.near(0x78C5F0), b.near(0xD6F0FB));
        if (b.chance(0.6)) {
          b.disc(b.between(0.1, 0.9), b.between(0.06, 0.18), b.between(0.05, 0.09), 0xFFF3B0);
        }
        b.gradient(horizon, shore + 0.06, b.near(0x1F86C4), b.near(0x4FC3D9));
        b.hill(shore, 0.02, 2, b.near(0xF3FBFB));
        b.hill(shore + 0.03, 0.02, 2, b.near(0xF0D9A0));
        b.speckle(shore + 0.08, 1, 60, 0.008, 0xD9B878);
        if (b.chance(0.5)) {
          b.palm(b.chance(0.5) ? b.between(0.02, 0.15) : b.between(0.85, 0.98), shore + 0.12);
        }
      }
    },
    SNOW(true, "in the snow", "in a snowy landscape", "in winter") {
      @Override
      void draw(Brush b) {
        double horizon = b.between(0.38, 0.52);
        b.gradient(0, horizon + 0.1, b.near(0x9DB9D6), b.near(0xDDE9F4));
        for (int i = 0; i < b.count(2, 5); i++) {
          b.fir(b.between(0, 1), horizon + 0.06, b.between(0.2, 0.36), b.near(0x4E7480), true);
        }
        b.hill(horizon, 0.05, 1.3, b.near(0xE3EEF8));
        b.hill(horizon + 0.16, 0.04, 1.7, b.near(0xF7FBFF));
        b.speckle(0, 1, b.count(40, 90), 0.013, 0xFFFFFF);
      }
    },
    SPACE(false, "in space", "in outer space", "among the stars") {
      @Override
      void draw(Brush b) {
        b.gradient(0, 1, b.near(0x0B1030), b.near(0x1C0F3D));
        b.cloud(b.between(0, 1), b.between(0, 1), 0.5, b.chance(0.5) ? 0x5A2A86 : 0x1E4C8C, 0.5);
        b.cloud(b.between(0, 1), b.between(0, 1), 0.35, 0x8A3A72, 0.35);
        b.speckle(0, 1, b.count(60, 110), 0.010, 0xFFFFFF);
        if (b.chance(0.7)) {
          b.planet(
              b.between(0.05, 0.95), b.chance(0.5) ? b.between(0.02, 0.2) : b.between(0.8, 0.98));
        }
      }
    },
    FOREST(true, "in a forest", "in the woods", "in the forest") {
      @Override
      void draw(Brush b) {
        b.gradient(0, 0.75, b.near(0x8CBF8A), b.near(0xC7E0A8));
        for (int i = 0; i < 6; i++) {
          b.trunk(b.between(0, 1), 0.72, b.between(0.03, 0.05), b.near(0x6E8F6A));
        }
        b.leaves(0, 0.2, 14, b.near(0x4F8F4F));
        for (int i = 0; i < 4; i++) {
          b.trunk((i + b.between(0, 1)) / 4, 0.8, b.between(0.05, 0.09), b.near(0x5B4030));
        }
        b.leaves(0, 0.13, 16, b.near(0x2F6B35));
        b.hill(b.between(0.68, 0.76), 0.03, 3, b.near(0x3F7A38));
        b.grass(0.72, 30, 0x2C5E2B);
      }
    },
    TABLE(true, "on a table", "on a wooden table", "on the table") {
      @Override
      void draw(Brush b) {
        double edge = b.between(0.5, 0.64);
        int wall = b.pick(0xE8DCC8, 0xCFE0E2, 0xE6CFCB, 0xD6D9C4, 0xD9D3E6);
        b.gradient(0, edge, b.near(wall), b.near(wall));
        if (b.chance(0.5)) {
          b.window(b.between(0.05, 0.6), b.between(0.04, 0.1));
        }
        int wood = b.pick(0xA8713F, 0xB98550, 0x8A5730);
        b.gradient(edge, 1, b.near(wood), b.darker(wood, 0.85));
        b.band(edge, edge + 0.02, b.darker(wood, 1.2));
        b.planks(edge + 0.02, b.darker(wood, 0.72));
      }
    },
    SUNSET(false, "at sunset", "in front of a sunset", "at dusk") {
      @Override
      void draw(Brush b) {
        double horizon = b.between(0.62, 0.78);
        b.gradient(0, horizon * 0.55, b.near(0x5B3A7E), b.near(0xD9607A));
        b.gradient(horizon * 0.55, horizon, b.near(0xD9607A), b.near(0xFFB45A));
        b.disc(b.between(0.2, 0.8), horizon - b.between(0, 0.08), b.between(0.09, 0.15), 0xFFE08A);
        b.gradient(horizon, 1, b.near(0x7A3A5C), b.near(0x2E1F4A));
        b.ripples(horizon + 0.02, 12, 0xFFB870);
      }
    },
    CITY(true, "in the city", "downtown", "on a city street") {
      @Override
      void draw(Brush b) {
        boolean night = b.chance(0.25);
        b.gradient(
            0, 0.8, b.near(night ? 0x1D2A4D : 0xA9CDE8), b.near(night ? 0x3B4A78 : 0xE8EEF2));
        b.skyline(0.42, 0.74, 8, night ? 0x2C3A60 : 0xAFBCCB, night ? 0x8C8A66 : 0x97A6B8);
        b.skyline(0.25, 0.78, 6, night ? 0x18223F : 0x77879C, night ? 0xFFE28A : 0xDDE9F2);
        b.band(0.76, 1, b.near(night ? 0x2A2D36 : 0x63666C));
        b.band(0.76, 0.79, b.near(night ? 0x4A4D58 : 0xB9B9B4));
        b.dashes(0.9, 0xF1E7B2);
      }
    },
    UNDER_WATER(false, "under water", "underwater", "at the bottom of the sea") {
      @Override
      void draw(Brush b) {
        b.gradient(0, 1, b.near(0x3FB6D6), b.near(0x0A3F74));
        b.rays(5, 0xBDF0F5);
        b.hill(b.between(0.84, 0.9), 0.03, 2, b.near(0xB7A878));
        for (int i = 0; i < b.count(2, 5); i++) {
          b.weed(b.between(0, 1), 0.95, b.between(0.2, 0.4), b.near(0x2B8A5C));
        }
        b.bubbles(b.count(8, 16));
      }
    },
    DESERT(true, "in the desert", "in a sandy desert", "on the dunes") {
      @Override
      void draw(Brush b) {
        double horizon = b.between(0.38, 0.5);
        b.gradient(0, horizon + 0.1, b.near(0x6FB7E6), b.near(0xF8E3B8));
        b.disc(b.between(0.1, 0.9), b.between(0.08, 0.2), b.between(0.06, 0.09), 0xFFF6CF);
        b.hill(horizon, 0.07, 1.1, b.near(0xD99A4E));
        b.hill(horizon + 0.12, 0.06, 0.9, b.near(0xE6B062));
        b.hill(horizon + 0.3, 0.05, 0.7, b.near(0xF0C67E));
        for (int i = 0; i < b.count(0, 2); i++) {
          b.cactus(b.chance(0.5) ? b.between(0.04, 0.2) : b.between(0.8, 0.96), horizon + 0.16);
        }
      }
    },
    MEADOW(true, "in a meadow", "on the grass", "in a field of flowers") {
      @Override
      void draw(Brush b) {
        double horizon = b.between(0.42, 0.56);
        b.gradient(0, horizon + 0.1, b.near(0x82C6F2), b.near(0xDDF2FA));
        b.puffs(b.count(1, 3), 0.05, horizon - 0.1);
        b.hill(horizon, 0.06, 1.2, b.near(0x8CC460));
        b.hill(horizon + 0.14, 0.04, 1.6, b.near(0x6BB04A));
        b.grass(horizon + 0.16, 40, 0x4C8F38);
        b.speckle(horizon + 0.2, 1, 14, 0.022, b.pick(0xF25C7A, 0xF7D94C, 0xFFFFFF, 0xB07CE8));
      }
    },
    MOUNTAINS(true, "in the mountains", "in front of mountains", "on a mountain") {
      @Override
      void draw(Brush b) {
        b.gradient(0, 0.7, b.near(0x7FB2DE), b.near(0xE3EEF5));
        b.peaks(0.62, b.between(0.4, 0.52), 3, b.near(0x8C9DB5), true);
        b.peaks(0.72, b.between(0.22, 0.3), 4, b.near(0x5E7488), false);
        b.hill(b.between(0.68, 0.74), 0.04, 1.5, b.near(0x6E8C58));
      }
    },
    SKY(false, "in the sky", "among the clouds", "in a blue sky") {
      @Override
      void draw(Brush b) {
        b.gradient(0, 1, b.near(0x3F96E0), b.near(0xBFE3FA));
        b.puffs(b.count(4, 7), 0.02, 0.95);
      }
    };

    private final boolean grounded;
    private final List<String> phrases;

    Place(boolean grounded, String... phrases) {
      this.grounded = grounded;
      this.phrases = List.of(phrases);
    }

    abstract void draw(Brush brush);

    @Override
    public String id() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    @Override
    public List<String> phrases() {
      return phrases;
    }

    @Override
    public boolean grounded() {
      return grounded;
    }

    @Override
    public Picture paint(int side, Sprite sprite, RandomGenerator random) {
      BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
      Graphics2D graphics = image.createGraphics();
      graphics.setRenderingHint(KEY_ANTIALIASING, VALUE_ANTIALIAS_ON);
      graphics.scale(side, side);
      draw(new Brush(graphics, random));
      graphics.dispose();
      return Picture.of(image);
    }
  }

  /** Every backdrop, in a fixed order: white, plain colours, places. */
  static List<Backdrop> all() {
    List<Backdrop> all = new ArrayList<>();
    all.add(new White());
    all.addAll(Plain.ALL);
    all.addAll(List.of(Place.values()));
    return List.copyOf(all);
  }

  /** Share of white, and of plain colours, among drawn backdrops; places share the rest evenly. */
  double WHITE_SHARE = 0.22;

  double PLAIN_SHARE = 0.18;

  /** Draws a backdrop for a sprite; a style of black ink never gets a plain colour. */
  static Backdrop pick(Sprite sprite, boolean inkOnly, RandomGenerator random) {
    double draw = random.nextDouble();
    if (draw < WHITE_SHARE || (inkOnly && draw < WHITE_SHARE + PLAIN_SHARE)) {
      return new White();
    }
    if (draw < WHITE_SHARE + PLAIN_SHARE) {
      @Nullable Plain best = null;
      for (int i = 0; i < 6; i++) {
        Plain plain = Plain.ALL.get(random.nextInt(Plain.ALL.size()));
        if (best == null || plain.contrastTo(sprite) > best.contrastTo(sprite)) {
          best = plain;
        }
        if (best.contrastTo(sprite) > 0.4) {
          return best;
        }
      }
      return best == null ? Plain.ALL.get(0) : best;
    }
    Place[] places = Place.values();
    return places[random.nextInt(places.length)];
  }
}
