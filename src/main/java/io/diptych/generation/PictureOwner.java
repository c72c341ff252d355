package io.diptych.generation;

import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.job.Job;
import io.diptych.job.JobSweeps;
import io.diptych.ops.BlobOwner;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which generated pictures are needed: all of a live generation, then those of its outcome. */
final class PictureOwner implements BlobOwner {

  private final JobSweeps jobs;

  PictureOwner(JobSweeps jobs) {
    this.jobs = jobs;
  }

  @Override
  public Set<BlobKind> kinds() {
    return Set.of(BlobKind.OUTPUT);
  }

  @Override
  public Set<BlobKey> needed(Collection<BlobKey> blobs) {
    Map<UUID, Job> makers =
        jobs.existing(blobs.stream().map(BlobKey::owner).collect(Collectors.toSet())).stream()
            .collect(Collectors.toMap(Job::id, Function.identity()));
    return blobs.stream()
        .filter(blob -> isNeeded(blob, makers.get(blob.owner())))
        .collect(Collectors.toSet());
  }

  private static boolean isNeeded(BlobKey blob, @Nullable Job maker) {
    if (maker == null) {
      return false;
    }
    if (!maker.state().isFinal()) {
      return true;
    }
    // A run that was canceled, or lost its job, may have made others.
    return maker.result() != null
        && GenerationOutcome.read(maker.result()).images().stream()
            .anyMatch(image -> image.sha256().equals(blob.sha256()));
  }
}
