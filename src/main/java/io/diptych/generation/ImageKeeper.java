package io.diptych.generation;

import io.diptych.artifact.BlobDamagedException;
import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobMissingException;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.BlobStoreException;
import io.diptych.artifact.StoredBlob;
import io.diptych.image.PerceptualHash;
import io.diptych.image.PngFile;
import io.diptych.image.Provenance;
import io.diptych.image.ProvenanceMarker;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.UUID;

/** Generated pictures as marked PNG files in the store. */
final class ImageKeeper {

  private final BlobStore store;
  private final ProvenanceMarker marker;

  ImageKeeper(BlobStore store, ProvenanceMarker marker) {
    this.store = store;
    this.marker = marker;
  }

  /**
   * Marks and stores a picture of a generation.
   *
   * @throws UncheckedIOException when the store is away
   */
  GeneratedImage keep(UUID generation, BufferedImage picture, Provenance provenance) {
    byte[] png = marker.mark(PngFile.encode(picture), provenance);
    try {
      StoredBlob blob = store.put(generation, BlobKind.OUTPUT, png);
      return new GeneratedImage(
          provenance.imageIndex(),
          picture.getWidth(),
          picture.getHeight(),
          blob.bytes(),
          blob.key().sha256(),
          pixelSha256(picture),
          "%016x".formatted(PerceptualHash.of(picture)));
    } catch (BlobStoreException e) {
      throw new UncheckedIOException(new IOException("The store did not take a picture", e));
    }
  }

  /**
   * @throws BlobMissingException when it was deleted
   */
  InputStream open(UUID generation, GeneratedImage image) {
    return store.open(key(generation, image));
  }

  /**
   * @throws BlobMissingException when it was deleted
   * @throws BlobDamagedException when it is not what was stored
   */
  byte[] read(UUID generation, GeneratedImage image) {
    return store.read(key(generation, image));
  }

  boolean exists(UUID generation, GeneratedImage image) {
    return store.exists(key(generation, image));
  }

  private static BlobKey key(UUID generation, GeneratedImage image) {
    return new BlobKey(generation, BlobKind.OUTPUT, image.sha256());
  }

  private static String pixelSha256(BufferedImage picture) {
    int width = picture.getWidth();
    int height = picture.getHeight();
    ByteBuffer rgb = ByteBuffer.allocate(3 * width * height);
    for (int pixel : picture.getRGB(0, 0, width, height, null, 0, width)) {
      rgb.put((byte) (pixel >> 16)).put((byte) (pixel >> 8)).put((byte) pixel);
    }
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(rgb.array()));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every JVM has SHA-256", impossible);
    }
  }
}
