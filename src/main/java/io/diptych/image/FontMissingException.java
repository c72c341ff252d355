package io.diptych.image;

/** Text was to be drawn on a machine without a font, or without the libraries that draw one. */
public final class FontMissingException extends RuntimeException {

  FontMissingException(Throwable cause) {
    super("This machine has no font to draw text with", cause);
  }
}
