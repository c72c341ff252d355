package io.diptych.pretrain.data;

import io.diptych.pretrain.data.paint.Sprite;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Art made on the spot: a coloured body with a dark eye, different for each thing and set. */
final class DrawnShapes implements Recipe.Art {

  final AtomicInteger asked = new AtomicInteger();

  /** Things that every set draws. */
  static List<Thing> things(int count) {
    List<Thing> things = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      things.add(
          new Thing(
              "thing" + i,
              "shape " + i,
              List.of("a shape " + i, "a figure " + i),
              List.of("form"),
              EmojiSet.drawn()));
    }
    return things;
  }

  @Override
  public List<String> drawings(Thing thing, EmojiSet set) {
    return List.of(thing.code());
  }

  @Override
  public @Nullable Sprite sprite(EmojiSet set, String drawing) {
    asked.incrementAndGet();
    return sprite(Split.hash(set.id() + drawing));
  }

  static Sprite sprite(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    BufferedImage image = new BufferedImage(96, 96, BufferedImage.TYPE_INT_ARGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.getHSBColor(random.nextFloat(), 0.8f, 0.85f));
    graphics.fillOval(8, 8, 50 + random.nextInt(30), 50 + random.nextInt(30));
    graphics.setColor(Color.getHSBColor(random.nextFloat(), 0.5f, 0.95f));
    graphics.fillRect(24, 40, 20 + random.nextInt(20), 14);
    graphics.setColor(Color.BLACK);
    graphics.fillOval(24, 24, 9, 9);
    graphics.dispose();
    return Sprite.cutFrom(image);
  }
}
