package io.diptych.pretrain.data;

import java.util.List;

/**
 * The published drawings that the data is made of: one package of one hand each, in a pinned
 * version.
 *
 * <p>Sets under share-alike licences are left out on purpose: the weights trained on these drawings
 * are licensed freely.
 */
public enum EmojiSet {
  FLUENT("@iconify-json/fluent-emoji", "1.2.7", Kind.ICONIFY),
  FLUENT_3D("@lobehub/fluent-emoji-3d", "1.1.0", Kind.IMAGES),
  FLUENT_FLAT("@iconify-json/fluent-emoji-flat", "1.2.6", Kind.ICONIFY),
  FLUENT_HIGH_CONTRAST("@iconify-json/fluent-emoji-high-contrast", "1.2.6", Kind.ICONIFY),
  NOTO("@iconify-json/noto", "1.2.9", Kind.ICONIFY),
  NOTO_V1("@iconify-json/noto-v1", "1.2.5", Kind.ICONIFY),
  FXEMOJI("@iconify-json/fxemoji", "1.2.2", Kind.ICONIFY),
  TWEMOJI("@iconify-json/twemoji", "1.2.5", Kind.ICONIFY),
  EMOJIONE("@iconify-json/emojione", "1.2.3", Kind.ICONIFY),
  EMOJIONE_MONOTONE("@iconify-json/emojione-monotone", "1.2.1", Kind.ICONIFY),
  STREAMLINE("@iconify-json/streamline-emojis", "1.2.4", Kind.ICONIFY),
  NAMES("emojibase-data", "17.0.0", Kind.NAMES);

  /** What a package holds. */
  enum Kind {
    /** SVG fragments in one JSON file, with a licence record beside it. */
    ICONIFY,
    /** One raster image a code point. */
    IMAGES,
    /** Names and keywords; no drawings. */
    NAMES
  }

  private final String packageName;
  private final String version;
  private final Kind kind;

  EmojiSet(String packageName, String version, Kind kind) {
    this.packageName = packageName;
    this.version = version;
    this.kind = kind;
  }

  /** Name of the npm package. */
  public String packageName() {
    return packageName;
  }

  /** Pinned version of the npm package. */
  public String version() {
    return version;
  }

  Kind kind() {
    return kind;
  }

  /** Stable short name in the data set: the package name without its scope. */
  public String id() {
    return packageName.substring(packageName.indexOf('/') + 1);
  }

  /** Drawn in one ink, without colours of its own. */
  boolean inkOnly() {
    return this == FLUENT_HIGH_CONTRAST || this == EMOJIONE_MONOTONE;
  }

  /** The sets that hold drawings. */
  static List<EmojiSet> drawn() {
    return List.of(values()).stream().filter(set -> set.kind != Kind.NAMES).toList();
  }
}
