package io.diptych.pretrain.data;

import io.diptych.pretrain.data.paint.Backdrop;
import java.util.List;
import java.util.random.RandomGenerator;

/** What a picture shows and how it is drawn, in one of several forms of words. */
final class Captions {

  /** Share of pictures for learning that have no caption, for guidance without words. */
  static final double EMPTY_SHARE = 0.10;

  private Captions() {}

  /** A caption for learning: sometimes empty. */
  static String forLearning(Thing thing, Style style, Backdrop backdrop, RandomGenerator random) {
    boolean empty = random.nextDouble() < EMPTY_SHARE;
    String caption = write(thing, style, backdrop, random);
    return empty ? "" : caption;
  }

  /** A caption that is never empty. */
  static String write(Thing thing, Style style, Backdrop backdrop, RandomGenerator random) {
    String what = pick(thing.phrases(), 0.72, random);
    String how = random.nextDouble() < 0.85 ? style.label() : style.synonym();
    boolean sayWhere =
        !backdrop.phrases().isEmpty() && (style.keepsColours() || !backdrop.namesColour());
    String where = sayWhere ? " " + pick(backdrop.phrases(), 0.6, random) : "";
    double form = random.nextDouble();
    String caption;
    if (form < 0.05 && !thing.keywords().isEmpty()) {
      String keyword = thing.keywords().get(random.nextInt(thing.keywords().size()));
      caption = what + where + ", " + keyword + ", in " + how + " style";
    } else if (form < 0.15) {
      // Content alone.
      caption = what + where;
    } else if (form < 0.18) {
      // Style alone.
      caption = random.nextBoolean() ? "in " + how + " style" : style.medium();
    } else if (form < 0.36) {
      caption = style.medium() + " of " + what + where;
    } else if (form < 0.42) {
      caption = how + " style, " + what + where;
    } else if (form < 0.58) {
      // The form that CSD-VAR optimises with, whatever is behind the subject.
      caption = what + " in " + how + " style";
    } else if (where.isEmpty()) {
      caption = what + " in " + how + " style";
    } else {
      caption = what + where + (form < 0.85 ? "," : "") + " in " + how + " style";
    }
    return random.nextDouble() < 0.5
        ? Character.toUpperCase(caption.charAt(0)) + caption.substring(1)
        : caption;
  }

  /** The first choice with the given probability, else any of the others. */
  private static String pick(List<String> choices, double first, RandomGenerator random) {
    double draw = random.nextDouble();
    int other = random.nextInt(Math.max(1, choices.size() - 1));
    return draw < first || choices.size() == 1 ? choices.get(0) : choices.get(1 + other);
  }
}
