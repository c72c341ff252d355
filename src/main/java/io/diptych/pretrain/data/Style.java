package io.diptych.pretrain.data;

import static io.diptych.pretrain.data.EmojiSet.*;

import io.diptych.pretrain.data.paint.Filter;
import io.diptych.pretrain.data.paint.Lines;
import io.diptych.pretrain.data.paint.Prints;
import io.diptych.pretrain.data.paint.Tiles;
import io.diptych.pretrain.data.paint.Washes;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The ways of drawing: first the hands of the sets, then the filters, which repaint the coloured
 * drawings of any set.
 *
 * <p>The order is the class index that a trained judge knows: append, never insert.
 */
public enum Style {
  GLOSSY_3D(Set.of(FLUENT, FLUENT_3D), "glossy 3d", "a glossy 3d render", "3d render"),
  FLAT_VECTOR(Set.of(FLUENT_FLAT), "flat vector", "a flat vector drawing", "flat design"),
  BLACK_STENCIL(
      Set.of(FLUENT_HIGH_CONTRAST), "black stencil", "a black stencil", "black silhouette"),
  SHADED_CARTOON(Set.of(NOTO), "shaded cartoon", "a shaded cartoon", "cartoon"),
  RETRO_ICON(Set.of(NOTO_V1), "retro icon", "a retro icon", "old phone icon"),
  MATTE_ICON(Set.of(FXEMOJI), "matte icon", "a matte icon", "muted flat"),
  STICKER(Set.of(TWEMOJI), "simple sticker", "a simple sticker", "sticker"),
  CLIP_ART(Set.of(EMOJIONE), "bright clip art", "a piece of bright clip art", "clip art"),
  INK_ICON(
      Set.of(EMOJIONE_MONOTONE),
      "black and white ink",
      "a black and white ink drawing",
      "black ink"),
  OUTLINED_CARTOON(
      Set.of(STREAMLINE), "outlined cartoon", "an outlined cartoon", "outline cartoon"),

  PIXEL_ART(Tiles::pixelArt, true, "pixel art", "a pixel art picture", "8-bit pixel"),
  WATERCOLOR(Washes::watercolor, true, "watercolor", "a watercolor painting", "watercolour"),
  OIL_PAINTING(Washes::oilPainting, true, "oil painting", "an oil painting", "oil on canvas"),
  PENCIL_SKETCH(Lines::pencilSketch, false, "pencil sketch", "a pencil sketch", "pencil drawing"),
  MOSAIC(Tiles::mosaic, true, "mosaic", "a mosaic", "roman mosaic"),
  STAINED_GLASS(
      Tiles::stainedGlass, true, "stained glass", "a stained glass window", "leaded glass"),
  HALFTONE_COMIC(Prints::halftoneComic, true, "halftone comic", "a halftone comic", "comic book"),
  NEON_GLOW(Lines::neonGlow, false, "neon glow", "a glowing neon sign", "neon light"),
  BLUEPRINT(Lines::blueprint, false, "blueprint", "a blueprint", "technical blueprint"),
  WOODCUT(Lines::woodcut, false, "woodcut", "a woodcut print", "linocut"),
  CHALKBOARD(
      Lines::chalkboard,
      false,
      "chalkboard",
      "a chalk drawing on a blackboard",
      "chalk on a blackboard"),
  LOW_POLY(Tiles::lowPoly, true, "low poly", "a low poly picture", "polygon"),
  CROSS_STITCH(Tiles::crossStitch, true, "cross stitch", "a cross stitch embroidery", "embroidery"),
  POP_ART(Prints::popArt, false, "pop art", "a pop art print", "screen print"),
  PAPER_CUTOUT(Prints::paperCutout, true, "paper cutout", "a paper cutout", "layered paper"),
  VINTAGE_PHOTO(
      Prints::vintagePhoto, false, "vintage photo", "a vintage sepia photograph", "sepia photo"),
  CRAYON(Washes::crayon, true, "crayon", "a crayon drawing", "wax crayon"),
  CHARCOAL(Lines::charcoal, false, "charcoal", "a charcoal drawing", "charcoal sketch"),
  POINTILLISM(Washes::pointillism, true, "pointillism", "a pointillist painting", "pointillist");

  private final Set<EmojiSet> hands;
  private final Filter filter;
  private final boolean keepsColours;
  private final String label;
  private final String medium;
  private final String synonym;

  Style(Set<EmojiSet> hands, String label, String medium, String synonym) {
    this(hands, Filter.NONE, hands.stream().noneMatch(EmojiSet::inkOnly), label, medium, synonym);
  }

  Style(Filter filter, boolean keepsColours, String label, String medium, String synonym) {
    this(Set.of(), filter, keepsColours, label, medium, synonym);
  }

  Style(
      Set<EmojiSet> hands,
      Filter filter,
      boolean keepsColours,
      String label,
      String medium,
      String synonym) {
    this.hands = hands;
    this.filter = filter;
    this.keepsColours = keepsColours;
    this.label = label;
    this.medium = medium;
    this.synonym = synonym;
  }

  /** Stable short name in the data set: {@code pixel-art}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The words before "style" in a caption: {@code pixel art}. */
  public String label() {
    return label;
  }

  /** A picture in this style, with its article: {@code a pixel art picture}. */
  public String medium() {
    return medium;
  }

  /** Other words before "style". */
  public String synonym() {
    return synonym;
  }

  /**
   * The sets that are drawn in this way; empty for a filter, which repaints drawings of any
   * coloured set.
   */
  public Set<EmojiSet> hands() {
    return hands;
  }

  /** Whether this is black ink on white, so that whatever is behind it must be grey. */
  boolean inkOnly() {
    return !keepsColours && !hands.isEmpty();
  }

  /** Repaints a scene; does nothing for the hand of a set. */
  public Filter filter() {
    return filter;
  }

  /**
   * Whether colours in the scene are still there in the picture, so that a caption may name them.
   */
  public boolean keepsColours() {
    return keepsColours;
  }

  /** The sets whose drawings of a thing this style can start from. */
  List<EmojiSet> sources(Thing thing) {
    return thing.sets().stream()
        .filter(set -> hands.isEmpty() ? !set.inkOnly() : hands.contains(set))
        .toList();
  }
}
