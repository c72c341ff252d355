package io.diptych.decomposition;

import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.http.problem.Problem;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.image.ImageIntake;
import io.diptych.image.ImageRefusedException;
import io.diptych.image.IntakeImage;
import io.diptych.job.Jobs;
import java.io.IOException;
import java.io.InputStream;
import java.util.UUID;
import org.springframework.core.io.InputStreamSource;

/**
 * Takes uploaded pictures in. No more of them are in memory at once than there is room for, and
 * none while it waits; no database transaction is open while one is decoded or stored.
 *
 * <p>Uploads should lie in files: they are read while others wait.
 */
public final class PictureUploads {

  private final ImageIntake intake;
  private final UploadRoom room;
  private final BlobStore store;
  private final Jobs jobs;

  PictureUploads(ImageIntake intake, UploadRoom room, BlobStore store, Jobs jobs) {
    this.intake = intake;
    this.room = room;
    this.store = store;
    this.jobs = jobs;
  }

  /**
   * Checks a picture and stores nothing.
   *
   * @throws ImageRefusedException when it is not taken in
   * @throws ProblemException {@code queue-full} when too many are being taken in
   */
  public Decomposition.Picture check(InputStreamSource upload) throws IOException {
    return room.holding(intake.limits().storedBytes(), () -> facts(take(upload)));
  }

  /**
   * Stores a picture for a decomposition; if the process dies before there is one, the sweep of
   * left-overs finds the picture.
   *
   * @throws ImageRefusedException when it is not taken in
   * @throws ProblemException {@code queue-full} when too many are being taken in
   */
  public StoredPicture store(InputStreamSource upload) throws IOException {
    return room.holding(
        intake.limits().storedBytes(),
        () -> {
          IntakeImage image = take(upload);
          UUID id = jobs.newId();
          store.put(id, BlobKind.IMAGE, image.png());
          return new StoredPicture(store, id, facts(image), image.source().sha256());
        });
  }

  private IntakeImage take(InputStreamSource upload) throws IOException {
    try (InputStream file = upload.getInputStream()) {
      return intake.take(file);
    } catch (ImageRefusedException refused) {
      if (refused.reason().retryable()) {
        throw new ProblemException(
            Problem.of(ProblemType.QUEUE_FULL, String.valueOf(refused.getMessage())),
            intake.limits().queueWait(),
            refused);
      }
      throw refused;
    }
  }

  private static Decomposition.Picture facts(IntakeImage image) {
    return new Decomposition.Picture(
        image.sha256(), image.width(), image.height(), image.source().sha256());
  }
}
