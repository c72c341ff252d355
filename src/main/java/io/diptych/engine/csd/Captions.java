package io.diptych.engine.csd;

import io.diptych.engine.DecompositionOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The captions of training and the slots of prompts (backbones.md 5.2). Learned rows stand in a
 * caption as placeholders, {@code <object>}, {@code <object>_1}, ... for the content and {@code
 * <style>}, {@code <style>_1}, ... for the style.
 */
public final class Captions {

  private final String content;
  private final String style;
  private final List<String> contentPlaceholders;
  private final List<String> stylePlaceholders;

  private Captions(String contentWord, String styleWord, int tokens) {
    this.content = contentWord.strip();
    this.style = styleWord.strip();
    this.contentPlaceholders = placeholders("<object>", tokens);
    this.stylePlaceholders = placeholders("<style>", tokens);
  }

  /** The captions of a run with these options, which leave no word to be found. */
  public static Captions of(DecompositionOptions options) {
    return new Captions(
        Objects.requireNonNull(options.contentWord()),
        Objects.requireNonNull(options.styleWord()),
        options.tokens());
  }

  /** The caption of two words alone. */
  static String of(String contentWord, String styleWord) {
    return "A " + contentWord + " in " + styleWord + " style";
  }

  /** The names of learned rows, in their order. */
  static List<String> placeholders(String name, int tokens) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < tokens; i++) {
      names.add(i == 0 ? name : name + "_" + i);
    }
    return names;
  }

  /** All placeholders, content first. */
  List<String> placeholders() {
    List<String> all = new ArrayList<>(contentPlaceholders);
    all.addAll(stylePlaceholders);
    return all;
  }

  /** Names of the learned rows, in order. */
  public List<String> contentPlaceholders() {
    return contentPlaceholders;
  }

  /** Names of the learned rows, in order. */
  public List<String> stylePlaceholders() {
    return stylePlaceholders;
  }

  /** Words and rows of both: the caption of the pooled vector. */
  String full() {
    return "A "
        + slot(content, contentPlaceholders)
        + " in "
        + slot(style, stylePlaceholders)
        + " style";
  }

  /** Without the style's rows: what cross-attention sees in a content step. */
  String content() {
    return "A " + slot(content, contentPlaceholders) + " in " + style + " style";
  }

  /** Without the content's rows: what cross-attention sees in a style step. */
  String style() {
    return "A " + content + " in " + slot(style, stylePlaceholders) + " style";
  }

  /** What stands for {@code {content}} in a prompt. */
  public String contentSlot() {
    return slot(content, contentPlaceholders);
  }

  /** What stands for {@code {style}} in a prompt. */
  public String styleSlot() {
    return slot(style, stylePlaceholders);
  }

  private static String slot(String words, List<String> placeholders) {
    return words + placeholders.stream().collect(Collectors.joining(" ", " ", ""));
  }
}
