package io.diptych.image;

/** An upload that is not taken in. The message is for the person who sent it. */
public final class ImageRefusedException extends RuntimeException {

  /** Why, and under which type of the error catalogue that is reported. */
  public enum Reason {
    /** No bytes at all. */
    EMPTY("invalid-image"),
    /** Cut off, corrupted, or the decoder disagrees with the header. */
    DAMAGED("invalid-image"),
    /** A part of the file expands beyond all measure. */
    BOMB("invalid-image"),
    /** A side shorter than the least allowed. */
    TOO_SMALL("invalid-image"),
    /** The file is too long. */
    TOO_MANY_BYTES("image-too-large"),
    /** The header claims more pixels, or a longer side, than allowed. */
    TOO_MANY_PIXELS("image-too-large"),
    /** Decoding ran out of its time. */
    TOO_SLOW("image-too-large"),
    /** Not JPEG, PNG or WebP. */
    UNSUPPORTED_TYPE("unsupported-image-type"),
    /** An allowed format in a variant that is not read, such as arithmetic-coded JPEG. */
    UNSUPPORTED_VARIANT("unsupported-image-type"),
    /** An animation. */
    ANIMATED("unsupported-image-type"),
    /** Several pictures of equal rank in one file. */
    MULTI_PAGE("unsupported-image-type"),
    /** Nothing wrong with the upload: every decoder was in use for too long. */
    BUSY("queue-full");

    private final String problemType;

    Reason(String problemType) {
      this.problemType = problemType;
    }

    /** The last segment of the problem type's URI, as the error catalogue lists it. */
    public String problemType() {
      return problemType;
    }

    /** Whether the same bytes may be accepted later. */
    public boolean retryable() {
      return this == BUSY;
    }
  }

  private final Reason reason;

  ImageRefusedException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  ImageRefusedException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  static ImageRefusedException damaged(String what) {
    return new ImageRefusedException(
        Reason.DAMAGED,
        "The image is damaged: " + what + ". Nothing was stored; send an intact file.");
  }

  public Reason reason() {
    return reason;
  }
}
