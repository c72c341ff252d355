package io.diptych.pretrain.data;

import io.diptych.pretrain.data.paint.Backdrop;
import io.diptych.pretrain.data.paint.Picture;
import io.diptych.pretrain.data.paint.Scene;
import io.diptych.pretrain.data.paint.Sprite;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Makes picture {@code n} of a split: the same picture for the same seed, whoever asks and in
 * whatever order.
 *
 * <p>A thing is drawn evenly among the things of the split, then a style evenly among its styles
 * there, then a hand, a backdrop, a place and a caption.
 */
final class Recipe {

  /** Raised whenever the same seed would give other pictures or captions. */
  static final int VERSION = 2;

  /** The scene is painted at twice the side and averaged, so that lines are smooth. */
  static final int OVERSAMPLING = 2;

  private static final int MOST_TRIES = 50;

  private final Art art;
  private final List<Thing> things;
  private final int size;
  private final long seed;
  private final Map<Split, List<Choice>> choices = new EnumMap<>(Split.class);

  /** Where the drawings of a thing come from. */
  interface Art {
    /** Names of a thing's drawings within a set. */
    List<String> drawings(Thing thing, EmojiSet set);

    /** The drawing, or null when it cannot be rendered. */
    @Nullable Sprite sprite(EmojiSet set, String drawing);
  }

  /** A thing and its styles in one split. */
  private record Choice(int thing, List<Style> styles) {}

  /**
   * @param size pixels along one side of a picture
   */
  Recipe(List<Thing> things, Art art, int size, long seed) {
    this.things = List.copyOf(things);
    this.art = art;
    this.size = size;
    this.seed = seed;
    for (Split split : Split.values()) {
      List<Choice> found = new ArrayList<>();
      for (int t = 0; t < things.size(); t++) {
        Thing thing = things.get(t);
        List<Style> styles = new ArrayList<>();
        for (Style style : Style.values()) {
          if (!style.sources(thing).isEmpty() && split.holds(thing.code(), style)) {
            styles.add(style);
          }
        }
        if (!styles.isEmpty()) {
          found.add(new Choice(t, List.copyOf(styles)));
        }
      }
      choices.put(split, found);
    }
  }

  List<Thing> things() {
    return things;
  }

  int size() {
    return size;
  }

  long seed() {
    return seed;
  }

  /** Number of different thing-style pairs in a split. */
  int pairs(Split split) {
    return choices.get(split).stream().mapToInt(choice -> choice.styles().size()).sum();
  }

  /**
   * A finished picture.
   *
   * @param rgb interleaved, row-major, {@code size * size * 3} bytes
   * @param thing index in {@link #things()}
   */
  record Painted(
      byte[] rgb, int thing, Style style, Backdrop backdrop, EmojiSet set, String caption) {}

  /** Makes picture {@code index} of a split. */
  Painted paint(Split split, long index) {
    List<Choice> available = choices.get(split);
    if (available.isEmpty()) {
      throw new DatasetException(
          "No thing and style belong to the split "
              + split.id()
              + ". Use a longer list of things.");
    }
    RandomGenerator random =
        new SplittableRandom(Split.hash(seed + "|" + split.id() + "|" + index));
    for (int tries = 0; tries < MOST_TRIES; tries++) {
      Choice choice = available.get(random.nextInt(available.size()));
      Thing thing = things.get(choice.thing());
      Style style = choice.styles().get(random.nextInt(choice.styles().size()));
      List<EmojiSet> sources = style.sources(thing);
      EmojiSet set = sources.get(random.nextInt(sources.size()));
      List<String> drawings = art.drawings(thing, set);
      @Nullable Sprite sprite = art.sprite(set, drawings.get(random.nextInt(drawings.size())));
      if (sprite != null) {
        return paint(split, choice.thing(), style, set, sprite, random);
      }
    }
    throw new DatasetException(
        "None of "
            + MOST_TRIES
            + " drawings could be rendered. Delete the cache directory and run again.");
  }

  private Painted paint(
      Split split, int thing, Style style, EmojiSet set, Sprite sprite, RandomGenerator random) {
    boolean inkOnly = style.inkOnly();
    Backdrop backdrop = Backdrop.pick(sprite, inkOnly, random);
    Scene scene = Scene.compose(sprite, backdrop, inkOnly, size * OVERSAMPLING, random);
    Picture picture = style.filter().paint(scene, random).shrunk(OVERSAMPLING);
    String caption =
        split == Split.TRAIN
            ? Captions.forLearning(things.get(thing), style, backdrop, random)
            : Captions.write(things.get(thing), style, backdrop, random);
    return new Painted(picture.toRgb(), thing, style, backdrop, set, caption);
  }
}
