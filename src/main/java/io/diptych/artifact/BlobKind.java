package io.diptych.artifact;

import java.util.Locale;

/** What a blob is; decides its folder and what a browser is told about it. */
public enum BlobKind {
  /** A normalised upload. */
  IMAGE("image/png", "png"),
  /** A learned concept. */
  CONCEPT("application/octet-stream", "safetensors"),
  /** The state of an unfinished decomposition. */
  CHECKPOINT("application/octet-stream", "safetensors"),
  /** A picture made on the way. */
  PREVIEW("image/png", "png"),
  /** A generated picture. */
  OUTPUT("image/png", "png");

  private final String mediaType;
  private final String extension;

  BlobKind(String mediaType, String extension) {
    this.mediaType = mediaType;
    this.extension = extension;
  }

  public String mediaType() {
    return mediaType;
  }

  /** Without the dot. */
  public String extension() {
    return extension;
  }

  String folder() {
    return name().toLowerCase(Locale.ROOT);
  }

  static BlobKind ofFolder(String folder) {
    for (BlobKind kind : values()) {
      if (kind.folder().equals(folder)) {
        return kind;
      }
    }
    throw new IllegalArgumentException("No blob kind has the folder " + folder);
  }
}
