package io.diptych.artifact;

import java.util.Locale;

/** What a blob is; decides its folder and what a browser is told about it. */
public enum BlobKind {
  /** A normalised upload. */
  IMAGE("image/png"),
  /** A learned concept. */
  CONCEPT("application/octet-stream"),
  /** A picture made on the way. */
  PREVIEW("image/png"),
  /** A generated picture. */
  OUTPUT("image/png"),
  /** The mark of a database that keeps its blobs here. */
  INSTALLATION("text/plain");

  private final String mediaType;

  BlobKind(String mediaType) {
    this.mediaType = mediaType;
  }

  public String mediaType() {
    return mediaType;
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
