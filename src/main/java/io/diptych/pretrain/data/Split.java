package io.diptych.pretrain.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import java.util.Set;

/**
 * What a model may see while it learns, and what is kept back to judge it.
 *
 * <p>The rule looks at names alone, so neither the seed nor the number of images, the order of a
 * run or the list of things changes it:
 *
 * <ol>
 *   <li>a style is held out when it is {@code CHARCOAL} or {@code POINTILLISM};
 *   <li>a thing is held out when {@code u("thing", code) < 0.10};
 *   <li>of the rest, a pair is held out when {@code u("pair", code + "/" + style) < 0.15};
 * </ol>
 *
 * where {@code u} is the first 53 bits of SHA-256 over {@code "diptych-split-1|" + kind + "|" +
 * name} as a fraction of one.
 */
public enum Split {
  /** Things, styles and pairs to learn from. */
  TRAIN,
  /** Seen pairs, other pictures of them. */
  VALIDATION,
  /** A known thing in a known style, never together. */
  HELDOUT_PAIRS,
  /** Unknown things in known styles. */
  HELDOUT_THINGS,
  /** Known things in unknown styles. */
  HELDOUT_STYLES;

  static final String SALT = "diptych-split-1";
  static final double THINGS_SHARE = 0.10;
  static final double PAIRS_SHARE = 0.15;
  static final Set<Style> STYLES = Set.of(Style.CHARCOAL, Style.POINTILLISM);

  /** Name in files and options: {@code heldout-pairs}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Whether a picture of this thing in this style belongs to this split. */
  public boolean holds(String code, Style style) {
    boolean thingKept = !holdsOut(code);
    boolean styleKept = !holdsOut(style);
    boolean pairKept = !holdsOut(code, style);
    return switch (this) {
      case TRAIN, VALIDATION -> thingKept && styleKept && pairKept;
      case HELDOUT_PAIRS -> thingKept && styleKept && !pairKept;
      case HELDOUT_THINGS -> !thingKept && styleKept;
      case HELDOUT_STYLES -> thingKept && !styleKept;
    };
  }

  /** Whether a thing is kept from learning in every style. */
  public static boolean holdsOut(String code) {
    return fraction("thing", code) < THINGS_SHARE;
  }

  /** Whether a style is kept from learning for every thing. */
  public static boolean holdsOut(Style style) {
    return STYLES.contains(style);
  }

  /** Whether this pair is kept from learning although its thing and its style are not. */
  public static boolean holdsOut(String code, Style style) {
    return fraction("pair", code + "/" + style.id()) < PAIRS_SHARE;
  }

  static double fraction(String kind, String name) {
    return (hash(SALT + "|" + kind + "|" + name) >>> 11) * 0x1.0p-53;
  }

  /** First eight bytes of SHA-256. */
  static long hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(digest).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
