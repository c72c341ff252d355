package io.diptych.decomposition.web;

import io.diptych.artifact.BlobDamagedException;
import io.diptych.artifact.BlobMissingException;
import io.diptych.artifact.BlobStoreException;
import io.diptych.engine.EngineException;
import io.diptych.http.problem.Problem;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemTranslator;
import io.diptych.http.problem.ProblemType;
import io.diptych.image.ImageRefusedException;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** What refusals of the image intake, the engine and the blob store are to a caller. */
@Component
class FeatureProblems implements ProblemTranslator {

  @Override
  public Optional<ProblemException> translate(Throwable failure) {
    return problem(failure).map(ProblemException::new);
  }

  private static Optional<Problem> problem(Throwable failure) {
    if (failure instanceof ImageRefusedException refused) {
      ProblemType type =
          ProblemType.ofSlug(refused.reason().problemType()).orElse(ProblemType.INVALID_IMAGE);
      return Optional.of(Problem.of(type, String.valueOf(refused.getMessage())));
    }
    if (failure instanceof BlobMissingException) {
      return Optional.of(
          Problem.of(ProblemType.JOB_EXPIRED, "The file is no longer in the store of files."));
    }
    if (failure instanceof BlobDamagedException) {
      return Optional.of(
          Problem.of(
              ProblemType.INTERNAL,
              "The file in the store is damaged. The operator may have a copy; else delete what it"
                  + " belongs to."));
    }
    if (failure instanceof BlobStoreException) {
      return Optional.of(
          Problem.of(
              ProblemType.UNAVAILABLE, "The store of files cannot be reached; try again later."));
    }
    if (failure instanceof EngineException engine) {
      ProblemType type =
          switch (engine.kind()) {
            case INVALID_OPTIONS -> ProblemType.VALIDATION;
            case INCOMPATIBLE_CONCEPT -> ProblemType.INCOMPATIBLE_ARTIFACT;
            case MODEL_UNAVAILABLE -> ProblemType.MODEL_UNAVAILABLE;
            case OUT_OF_MEMORY -> ProblemType.OUT_OF_MEMORY;
            case NUMERIC_DIVERGENCE -> ProblemType.NUMERIC_DIVERGENCE;
            case DEVICE_FAILURE -> ProblemType.INTERNAL;
          };
      return Optional.of(Problem.of(type, String.valueOf(engine.getMessage())));
    }
    return Optional.empty();
  }
}
