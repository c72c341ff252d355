package io.diptych.pretrain.data.paint;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.util.random.RandomGenerator;

/** Drawing in the unit square with a random hand. */
final class Brush {

  private final Graphics2D g;
  private final RandomGenerator random;

  Brush(Graphics2D graphics, RandomGenerator random) {
    this.g = graphics;
    this.random = random;
  }

  double between(double low, double high) {
    return low + (high - low) * random.nextDouble();
  }

  int count(int low, int high) {
    return low + random.nextInt(high - low + 1);
  }

  boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  int pick(int... colours) {
    return colours[random.nextInt(colours.length)];
  }

  /** A colour a little lighter or darker, warmer or colder. */
  int near(int rgb) {
    double light = between(0.92, 1.08);
    double warm = between(-10, 10);
    return pack(
        ((rgb >> 16) & 255) * light + warm, ((rgb >> 8) & 255) * light, (rgb & 255) * light - warm);
  }

  int darker(int rgb, double factor) {
    return pack(((rgb >> 16) & 255) * factor, ((rgb >> 8) & 255) * factor, (rgb & 255) * factor);
  }

  private static int pack(double r, double green, double b) {
    return (byteOf(r) << 16) | (byteOf(green) << 8) | byteOf(b);
  }

  private static int byteOf(double value) {
    return (int) Math.max(0, Math.min(255, Math.round(value)));
  }

  private static Color alpha(int rgb, double alpha) {
    return new Color((rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255, byteOf(alpha * 255));
  }

  void gradient(double top, double bottom, int from, int to) {
    g.setPaint(
        new GradientPaint(0, (float) top, new Color(from), 0, (float) bottom, new Color(to)));
    g.fill(new Rectangle2D.Double(0, top, 1, bottom - top));
  }

  void band(double top, double bottom, int colour) {
    g.setColor(new Color(colour));
    g.fill(new Rectangle2D.Double(0, top, 1, bottom - top));
  }

  void disc(double x, double y, double radius, int colour) {
    g.setColor(new Color(colour));
    g.fill(new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius));
  }

  /** Ground from a wavy line to the lower edge. */
  void hill(double top, double height, double waves, int colour) {
    double phase = between(0, 6.28);
    Path2D path = new Path2D.Double();
    path.moveTo(0, 1.01);
    for (int i = 0; i <= 24; i++) {
      double x = i / 24.0;
      path.lineTo(x, top + height * Math.sin(phase + x * 6.28 * waves));
    }
    path.lineTo(1, 1.01);
    path.closePath();
    g.setColor(new Color(colour));
    g.fill(path);
  }

  void speckle(double top, double bottom, int count, double size, int colour) {
    for (int i = 0; i < count; i++) {
      double radius = size * between(0.35, 1);
      g.setColor(alpha(colour, between(0.6, 1)));
      g.fill(
          new Ellipse2D.Double(
              between(0, 1), between(top, bottom), 2 * radius * 0.8, 2 * radius * 0.8));
    }
  }

  void fir(double x, double base, double height, int colour, boolean snowy) {
    for (int i = 0; i < 3; i++) {
      double y = base - height * i * 0.27;
      double half = height * (0.3 - 0.06 * i);
      triangle(x - half, y, x + half, y, x, y - height * 0.46, colour);
      if (snowy) {
        triangle(
            x - half * 0.45,
            y - height * 0.25,
            x + half * 0.45,
            y - height * 0.25,
            x,
            y - height * 0.46,
            0xF4F9FF);
      }
    }
  }

  private void triangle(
      double x1, double y1, double x2, double y2, double x3, double y3, int colour) {
    Path2D path = new Path2D.Double();
    path.moveTo(x1, y1);
    path.lineTo(x2, y2);
    path.lineTo(x3, y3);
    path.closePath();
    g.setColor(new Color(colour));
    g.fill(path);
  }

  /** A soft cloud of light. */
  void cloud(double x, double y, double radius, int colour, double strength) {
    for (int i = 8; i >= 1; i--) {
      double r = radius * i / 8;
      g.setColor(alpha(colour, strength / 6));
      g.fill(new Ellipse2D.Double(x - r, y - r * 0.7, 2 * r, 1.4 * r));
    }
  }

  void planet(double x, double y) {
    double radius = between(0.07, 0.14);
    int colour = near(pick(0xD9905A, 0x6FA8D6, 0xC9627A, 0x8FC98A));
    disc(x, y, radius, colour);
    g.setColor(alpha(0x000000, 0.25));
    g.fill(new Ellipse2D.Double(x - radius * 0.4, y - radius * 0.8, radius * 1.4, radius * 1.7));
    if (chance(0.5)) {
      g.setColor(alpha(0xF0E0B8, 0.9));
      g.setStroke(new BasicStroke(0.015f));
      g.draw(new Ellipse2D.Double(x - radius * 1.7, y - radius * 0.35, radius * 3.4, radius * 0.7));
    }
  }

  void trunk(double x, double base, double width, int colour) {
    g.setColor(new Color(colour));
    g.fill(new Rectangle2D.Double(x - width / 2, 0, width, base));
  }

  void leaves(double top, double bottom, int count, int colour) {
    for (int i = 0; i < count; i++) {
      double radius = between(0.06, 0.12);
      disc((i + between(0, 1)) / count, between(top, bottom) - 0.03, radius, near(colour));
    }
  }

  void grass(double top, int count, int colour) {
    g.setStroke(new BasicStroke(0.010f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    for (int i = 0; i < count; i++) {
      double x = between(0, 1);
      double y = between(top, 1);
      g.setColor(new Color(near(colour)));
      line(x, y, x + between(-0.02, 0.02), y - between(0.03, 0.07));
    }
  }

  private void line(double x1, double y1, double x2, double y2) {
    g.draw(new Line2D.Double(x1, y1, x2, y2));
  }

  void palm(double x, double base) {
    double top = base - between(0.35, 0.45);
    double lean = between(-0.06, 0.06);
    g.setColor(new Color(near(0x8A6238)));
    g.setStroke(new BasicStroke(0.03f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    line(x, base, x + lean, top);
    g.setColor(new Color(near(0x3C8C4A)));
    g.setStroke(new BasicStroke(0.028f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    for (int i = 0; i < 6; i++) {
      double angle = -0.2 - i * 0.55;
      line(
          x + lean,
          top,
          x + lean + 0.17 * Math.cos(angle),
          top + 0.06 - 0.13 * Math.abs(Math.sin(angle)));
    }
  }

  void window(double x, double y) {
    g.setColor(new Color(0xFDFDFA));
    g.fill(new Rectangle2D.Double(x, y, 0.34, 0.34));
    g.setColor(new Color(near(0x9FD2F0)));
    for (int i = 0; i < 2; i++) {
      for (int j = 0; j < 2; j++) {
        g.fill(new Rectangle2D.Double(x + 0.02 + 0.16 * i, y + 0.02 + 0.16 * j, 0.14, 0.14));
      }
    }
  }

  void planks(double top, int colour) {
    g.setColor(new Color(colour));
    g.setStroke(new BasicStroke(0.008f));
    double y = top;
    double step = between(0.06, 0.08);
    while (y < 1) {
      y += step;
      step *= 1.25;
      line(0, y, 1, y);
      double x = between(0, 1);
      line(x, y, x, y + step);
    }
  }

  void ripples(double top, int count, int colour) {
    g.setStroke(new BasicStroke(0.010f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    for (int i = 0; i < count; i++) {
      double x = between(0, 1);
      double y = between(top, 1);
      g.setColor(alpha(colour, between(0.3, 0.7)));
      line(x, y, x + between(0.05, 0.2), y);
    }
  }

  void skyline(double highest, double base, int count, int wall, int light) {
    for (int i = 0; i < count; i++) {
      double width = 1.0 / count * between(0.9, 1.25);
      double x = (i - 0.1) / count;
      double top = between(highest, highest + 0.28);
      g.setColor(new Color(near(wall)));
      g.fill(new Rectangle2D.Double(x, top, width, base - top + 0.02));
      g.setColor(new Color(light));
      for (double wy = top + 0.03; wy < base - 0.04; wy += 0.055) {
        for (double wx = x + 0.02; wx < x + width - 0.025; wx += 0.042) {
          if (chance(0.7)) {
            g.fill(new Rectangle2D.Double(wx, wy, 0.02, 0.028));
          }
        }
      }
    }
  }

  void dashes(double y, int colour) {
    g.setColor(new Color(colour));
    double offset = between(0, 0.2);
    for (double x = -offset; x < 1; x += 0.2) {
      g.fill(new Rectangle2D.Double(x, y, 0.11, 0.018));
    }
  }

  void rays(int count, int colour) {
    for (int i = 0; i < count; i++) {
      double x = between(0, 1);
      double width = between(0.03, 0.08);
      double slant = between(-0.3, 0.3);
      Path2D path = new Path2D.Double();
      path.moveTo(x, 0);
      path.lineTo(x + width, 0);
      path.lineTo(x + slant + width * 2.2, 0.8);
      path.lineTo(x + slant, 0.8);
      path.closePath();
      g.setColor(alpha(colour, 0.14));
      g.fill(path);
    }
  }

  void weed(double x, double base, double height, int colour) {
    Path2D path = new Path2D.Double();
    path.moveTo(x, base);
    double sway = between(0.02, 0.05);
    for (int i = 1; i <= 8; i++) {
      path.lineTo(x + sway * Math.sin(i * 1.3), base - height * i / 8);
    }
    g.setColor(new Color(colour));
    g.setStroke(new BasicStroke(0.03f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    g.draw(path);
  }

  void bubbles(int count) {
    g.setStroke(new BasicStroke(0.008f));
    for (int i = 0; i < count; i++) {
      double radius = between(0.01, 0.03);
      double x = between(0, 1);
      double y = between(0, 0.9);
      g.setColor(alpha(0xDFF8FF, 0.35));
      g.fill(new Ellipse2D.Double(x, y, 2 * radius, 2 * radius));
      g.setColor(alpha(0xF2FDFF, 0.8));
      g.draw(new Ellipse2D.Double(x, y, 2 * radius, 2 * radius));
    }
  }

  void cactus(double x, double base) {
    g.setColor(new Color(near(0x4C8C4A)));
    g.setStroke(new BasicStroke(0.045f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    double height = between(0.2, 0.3);
    line(x, base, x, base - height);
    g.setStroke(new BasicStroke(0.03f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    line(x, base - height * 0.4, x + 0.06, base - height * 0.45);
    line(x + 0.06, base - height * 0.45, x + 0.06, base - height * 0.75);
    line(x, base - height * 0.3, x - 0.06, base - height * 0.35);
    line(x - 0.06, base - height * 0.35, x - 0.06, base - height * 0.6);
  }

  void puffs(int count, double top, double bottom) {
    for (int i = 0; i < count; i++) {
      double x = between(0, 1);
      double y = between(top, bottom);
      double size = between(0.05, 0.09);
      g.setColor(alpha(0xFFFFFF, 0.92));
      for (int k = -1; k <= 1; k++) {
        double r = size * (k == 0 ? 1 : 0.7);
        g.fill(new Ellipse2D.Double(x + k * size - r, y - r, 2 * r, 2 * r));
      }
      g.fill(new Rectangle2D.Double(x - size, y, 2 * size, size * 0.7));
    }
  }

  void peaks(double base, double height, int count, int colour, boolean snowy) {
    for (int i = 0; i < count; i++) {
      double x = (i + between(0.2, 0.8)) / count;
      double h = height * between(0.75, 1.1);
      double half = h * between(0.7, 0.95);
      triangle(x - half, base + 0.1, x + half, base + 0.1, x, base - h, near(colour));
      if (snowy) {
        double cut = 0.3 * (h + 0.1) / h;
        triangle(
            x - half * cut,
            base - h + (h + 0.1) * cut,
            x + half * cut,
            base - h + (h + 0.1) * cut,
            x,
            base - h,
            0xF6FAFF);
      }
    }
  }
}
